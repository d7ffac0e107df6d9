package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

const module = "github.com/terraform-goto/terraform-provider-goto"

// cli is the command line under demonstration, in a directory with the configuration. It sees nothing of
// what the user has set up for own work, and leaves nothing outside that directory.
type cli struct {
	path, directory string
	environment     []string
	printed         bytes.Buffer // Everything it has ever printed.
}

// newCLI builds the provider, which is the only one that the command line can find.
func newCLI(ctx context.Context, name, directory string, server *standin.Server) (*cli, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return nil, err
	}
	if path, err = filepath.Abs(path); err != nil { // It runs in another directory.
		return nil, err
	}
	provider, work := filepath.Join(directory, "provider"), filepath.Join(directory, "work")
	if err := os.Mkdir(work, 0o700); err != nil {
		return nil, err
	}
	say("$ go build")
	if printed, err := exec.CommandContext(ctx, "go", "build", "-o", provider+string(filepath.Separator), module).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build (start the demo inside the repository): %w\n%s", err, printed)
	}
	top, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		return nil, err
	}
	// Nothing but the example itself: somebody may have applied it where it is.
	example, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(top)), "examples", "sign-in-once", "main.tf"))
	if err != nil {
		return nil, err
	}
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &cli{path: path, directory: work}
	for file, text := range map[string]string{
		"main.tf":  string(example),
		"cli.tfrc": fmt.Sprintf("provider_installation {\n  dev_overrides {\n    \"terraform-goto/goto\" = %q\n  }\n}\n", filepath.ToSlash(provider)),
	} {
		if err := os.WriteFile(filepath.Join(work, file), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	for _, variable := range os.Environ() {
		// CI would say that nobody is there to sign in. The demo is.
		if name := strings.ToUpper(variable); !strings.HasPrefix(name, "CI=") && !strings.HasPrefix(name, "GOTO_") && !strings.HasPrefix(name, "TF_") && !strings.HasPrefix(name, "TERRAFORM_CONFIG=") {
			c.environment = append(c.environment, variable)
		}
	}
	c.environment = append(append(c.environment, server.Environment()...),
		"GOTO_TOKEN_CACHE=file:///"+strings.TrimPrefix(filepath.ToSlash(filepath.Join(work, "tokens")), "/"),
		fmt.Sprintf(`TF_VAR_command="%s" %s %s/admin/rest/v1/me > %s`, program, getCommand, server.URL, answerFile),
		"TF_CLI_CONFIG_FILE="+filepath.Join(work, "cli.tfrc"),
		"TF_CLI_ARGS=-no-color", "TF_INPUT=0", "CHECKPOINT_DISABLE=1",
	)
	return c, nil
}

// run runs the command line and returns what it printed. The error repeats it.
func (c *cli) run(ctx context.Context, arguments ...string) (string, error) {
	say("$ %s %s", c.name(), shortened(typed(arguments)))
	var printed bytes.Buffer
	command := exec.CommandContext(ctx, c.path, arguments...)
	command.Dir, command.Env = c.directory, c.environment
	command.Stdout, command.Stderr = &printed, &printed
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) } // It ends its providers then.
	command.WaitDelay = 10 * time.Second
	err := command.Run()
	c.printed.Write(printed.Bytes())
	if err != nil {
		err = fmt.Errorf("%s %s: %w\n%s", c.name(), arguments[0], err, shortened(printed.String()))
	}
	return printed.String(), err
}

// typed joins arguments as a person types them into a shell.
func typed(arguments []string) string {
	words := slices.Clone(arguments)
	for i, word := range words {
		if strings.ContainsAny(word, "?&") {
			words[i] = "'" + word + "'"
		}
	}
	return strings.Join(words, " ")
}

// name is what people call it: terraform or tofu.
func (c *cli) name() string { return strings.TrimSuffix(filepath.Base(c.path), ".exe") }

// answerFile is where the provisioner leaves what GET Me has answered.
const answerFile = "me.json"

// answer returns the person whom GET Me has named, who has to be the one who signed in.
func (c *cli) answer() (person string, err error) {
	text, err := os.ReadFile(filepath.Join(c.directory, answerFile))
	if err != nil {
		return "", fmt.Errorf("the provisioner has left no answer of GET Me: %w", err)
	}
	var me struct {
		Key                        json.Number
		Email, FirstName, LastName string
	}
	if err := json.Unmarshal(text, &me); err != nil || me.Key != standin.UserKey || me.Email != standin.Principal {
		return "", fmt.Errorf("GET Me has answered something else: %s", text)
	}
	return fmt.Sprintf("%s %s, %s, user key %s", me.FirstName, me.LastName, me.Email, me.Key), nil
}

// findNone searches the files and everything printed for secrets. It has to find what is no secret.
func (c *cli) findNone(secrets []string, harmless string) error {
	inState := false
	search := func(name string, contents []byte) error {
		if found := standin.Leaks(contents, secrets); len(found) > 0 {
			return fmt.Errorf("%s holds %q", name, found)
		}
		inState = inState || name == "terraform.tfstate" && bytes.Contains(contents, []byte(harmless))
		return nil
	}
	files := os.DirFS(c.directory)
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		contents, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		return search(name, contents)
	})
	if err == nil && !inState {
		err = fmt.Errorf("the search is worth nothing: it has not found %s in the state", harmless)
	}
	if err != nil {
		return err
	}
	return search("what "+c.name()+" printed", c.printed.Bytes())
}
