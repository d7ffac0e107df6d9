package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// workspace is where the example is applied.
type workspace struct {
	configuration string // the directory with the example, and with the state
	tokenCache    string
	server        *standin.Server
	cli           *cli
}

func newWorkspace(directory, example, cliPath, configFile string, server *standin.Server) (*workspace, error) {
	// Nothing but the example itself: somebody may have applied it where it is.
	text, err := os.ReadFile(filepath.Join(example, "main.tf"))
	if err != nil {
		return nil, err
	}
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	w := &workspace{
		configuration: filepath.Join(directory, "configuration"),
		tokenCache:    filepath.Join(directory, "tokens"),
		server:        server,
	}
	w.cli = newCLI(cliPath, w.configuration, configFile, append(server.Environment(),
		"GOTO_TOKEN_CACHE="+fileURL(w.tokenCache),
		fmt.Sprintf(`TF_VAR_command="%s" %s %s/admin/rest/v1/me %s`, program, getCommand, server.URL, answerFile),
	)...)
	return w, errors.Join(
		os.Mkdir(w.configuration, 0o700),
		os.WriteFile(filepath.Join(w.configuration, "main.tf"), text, 0o600),
	)
}

// answerFile is where the provisioner leaves what GET Me has answered.
const answerFile = "me.json"

func (w *workspace) init(ctx context.Context) error {
	printed, err := w.cli.run(ctx, "init")
	show(printed, regexp.MustCompile(`initialized!$`))
	return err
}

var (
	authorizeURL = regexp.MustCompile(`\S+/oauth/authorize\?\S+`)
	opened       = regexp.MustCompile(`(?m)^ephemeral\..*: Open(ing)? complete`)
	everything   = regexp.MustCompile(``)
	relevant     = regexp.MustCompile(`^ephemeral\..*: Open(ing)? complete|^Plan:|^terraform_data\..*: Creation complete|^Apply complete!`)
)

// applyTooEarly applies the configuration before anybody has signed in, and returns the authorize
// URL in the message that it stops with.
func (w *workspace) applyTooEarly(ctx context.Context) (string, error) {
	printed, err := w.cli.run(ctx, "apply", "-auto-approve")
	if err == nil {
		return "", errors.New("apply was to stop, because nobody has signed in")
	}
	_, message, found := strings.Cut(printed, "Error: No stored login")
	address := authorizeURL.FindString(message)
	if !found || address == "" {
		return "", fmt.Errorf("apply was to stop and say where to sign in. It stopped otherwise: %w", err)
	}
	show("Error: No stored login\n\n"+strings.Trim(message, "\r\n"), everything)
	return address, w.check(standin.Counts{})
}

// apply applies the configuration, which has to succeed after two openings and bring GoTo's counts
// to expected.
func (w *workspace) apply(ctx context.Context, authorizeURL string, expected standin.Counts, options ...string) error {
	answer := filepath.Join(w.configuration, answerFile)
	if err := os.Remove(answer); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	printed, err := w.cli.run(ctx, append([]string{"apply", "-auto-approve"}, options...)...)
	if err != nil {
		return err
	}
	show(printed, relevant)
	if n := len(opened.FindAllString(printed, -1)); n != 2 {
		return fmt.Errorf("the token was opened %d times instead of twice:\n%s", n, shortened(printed))
	}
	if !strings.Contains(printed, authorizeURL) {
		return fmt.Errorf("the output of the configuration is not the address in the message, %s:\n%s", authorizeURL, shortened(printed))
	}
	if err := w.check(expected); err != nil {
		return err
	}
	return checkAnswer(answer)
}

// checkAnswer compares what GET Me has answered with the person who signed in.
func checkAnswer(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("the provisioner has left no answer of GET Me: %w", err)
	}
	var me struct {
		Key       json.Number `json:"key"`
		Email     string      `json:"email"`
		FirstName string      `json:"firstName"`
		LastName  string      `json:"lastName"`
	}
	if err := json.Unmarshal(text, &me); err != nil || me.Key != standin.UserKey || me.Email != standin.Principal {
		return fmt.Errorf("GET Me has answered something else: %s", text)
	}
	say("terraform_data.me called GET Me with the token. The answer is %s %s, %s, user key %s.", me.FirstName, me.LastName, me.Email, me.Key)
	return nil
}

// check compares GoTo's counts, but for the sign-in pages.
func (w *workspace) check(expected standin.Counts) error {
	counts := w.server.Counts()
	counts.Authorize = 0
	if counts != expected {
		return fmt.Errorf("GoTo was to see the requests %+v and has seen %+v", expected, counts)
	}
	return nil
}

// findNoSecret searches the configuration's directory, which has the state, the token cache and
// everything the CLI has printed.
func (w *workspace) findNoSecret() error {
	places, err := filesIn(w.configuration, w.tokenCache)
	if err != nil {
		return err
	}
	var states, entries int
	for _, place := range places {
		switch {
		case strings.HasPrefix(filepath.Base(place.name), "terraform.tfstate"):
			states++
		case filepath.Dir(place.name) == w.tokenCache:
			entries++
		}
	}
	places = append(places, place{"what " + w.cli.name() + " printed", w.cli.printed.Bytes()})
	// The client ID is no secret and stands in the authorize URL.
	if names := holding(places, standin.ClientID); states == 0 || entries == 0 || len(names) == 0 {
		return fmt.Errorf("the search is worth nothing: it saw %d state files and %d files of the token cache, and found the client ID in %q", states, entries, names)
	}
	secrets := w.server.Secrets()
	for _, secret := range secrets {
		if names := holding(places, secret); len(names) > 0 {
			return fmt.Errorf("a secret that begins with %.12q is in %q", secret, names)
		}
	}
	if len(secrets) != 5 {
		return fmt.Errorf("there are %d secrets instead of 5", len(secrets))
	}
	say("Looked for  the client secret, its Basic header, the code, the access token, the refresh token,")
	say("            as they are, base64-encoded and URL-encoded")
	say("Looked in   %d state files, %d files of the token cache, %d other files of the configuration,", states, entries, len(places)-1-states-entries)
	say("            everything %s has printed", w.cli.name())
	say("Found       nothing")
	return nil
}
