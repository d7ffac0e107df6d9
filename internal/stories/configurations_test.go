package stories

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// validateConfigurations checks all that people may copy: the examples and what stands in the
// documentation.
func validateConfigurations(t *testing.T, built programs) {
	found := map[string]string{} // names by configuration, because many stand in several places
	findExamples(t, found)
	for _, page := range findPages(t) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for i, block := range fencedConfigurations(string(text)) {
			if _, known := found[block]; !known {
				found[block] = strings.TrimPrefix(page, "../../") + " " + strconv.Itoa(i+1)
			}
		}
	}
	dir := t.TempDir()
	for configuration, name := range found {
		below := filepath.Join(dir, strings.NewReplacer("/", "_", " ", "_").Replace(name))
		write(t, below, configuration)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if said, err := runIn(t, built, below, "validate"); err != nil {
				t.Errorf("%v\n%s", err, said)
			}
		})
	}
	t.Run("format", func(t *testing.T) {
		t.Parallel()
		if said, err := runIn(t, built, dir, "fmt", "-check", "-diff", "-recursive"); err != nil {
			t.Errorf("not formatted (%v):\n%s", err, said)
		}
	})
	t.Run("faults are found", func(t *testing.T) {
		t.Parallel()
		wrong := t.TempDir()
		blocks := fencedConfigurations("Text.\n\n  ```terraform\n  ephemeral \"goto_access_token\" \"it\" {\n    cod  = \"x\"\n  }\n  ```\n")
		if len(blocks) != 1 {
			t.Fatalf("found %q", blocks)
		}
		write(t, wrong, blocks[0])
		if said, err := runIn(t, built, wrong, "validate"); err == nil || !strings.Contains(said, "Unsupported argument") {
			t.Errorf("a wrong argument is valid: %v\n%s", err, said)
		}
		if said, err := runIn(t, built, wrong, "fmt", "-check"); err == nil {
			t.Errorf("this is formatted: %s", said)
		}
	})
}

func findExamples(t *testing.T, found map[string]string) {
	t.Helper()
	err := filepath.WalkDir(examplesDir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".tf" {
			return err
		}
		text, err := os.ReadFile(path)
		found[string(text)] = strings.TrimPrefix(filepath.Dir(path), "../../")
		return err
	})
	if err != nil || len(found) == 0 {
		t.Fatalf("found %d examples (error %v)", len(found), err)
	}
}

func findPages(t *testing.T) []string {
	t.Helper()
	pages := []string{"../../README.md"}
	for _, root := range []string{"../../docs", examplesDir} {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() && filepath.Ext(path) == ".md" {
				pages = append(pages, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return pages
}

var fence = regexp.MustCompile("(?ms)^([ \t]*)```(?:terraform|hcl)[ \t]*\n(.*?)^[ \t]*```[ \t]*$")

// fencedConfigurations returns the configurations in a Markdown text, without the indentation of a
// list they stand in.
func fencedConfigurations(markdown string) (blocks []string) {
	for _, match := range fence.FindAllStringSubmatch(markdown, -1) {
		var block strings.Builder
		for line := range strings.Lines(match[2]) {
			block.WriteString(strings.TrimPrefix(line, match[1]))
		}
		blocks = append(blocks, block.String())
	}
	return blocks
}

func write(t *testing.T, dir, configuration string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := nameProviders(dir, configuration); err != nil {
		t.Fatal(err)
	}
}

// runIn runs the command line under test without anything of the user's.
func runIn(t *testing.T, built programs, dir string, args ...string) (said string, err error) {
	t.Helper()
	var output bytes.Buffer
	command := exec.CommandContext(t.Context(), built.cli, args...)
	command.Dir = dir
	command.Stdout, command.Stderr = &output, &output
	command.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir,
		"TF_CLI_CONFIG_FILE=" + built.config, "TF_CLI_ARGS=-no-color", "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1",
	}
	err = command.Run()
	return output.String(), err
}
