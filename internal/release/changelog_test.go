package release

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestChangelogHasItsForm(t *testing.T) {
	t.Parallel()

	kind := regexp.MustCompile(`^### (Added|Changed|Deprecated|Removed|Fixed|Security)$`)
	newest := []int{1 << 30}
	var headings int
	for line := range strings.Lines(string(read(t, filepath.Join(root, "CHANGELOG.md")))) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "### "):
			if !kind.MatchString(line) {
				t.Errorf("%q is no kind of change", line)
			}
		case strings.HasPrefix(line, "## "):
			headings++
			if headings == 1 {
				if line != "## [Unreleased]" {
					t.Errorf("the first heading is %q, want Unreleased", line)
				}
				continue
			}
			var major, minor, patch, year, month, day int
			if _, err := fmt.Sscanf(line, "## [%d.%d.%d] - %d-%d-%d", &major, &minor, &patch, &year, &month, &day); err != nil ||
				line != fmt.Sprintf("## [%d.%d.%d] - %04d-%02d-%02d", major, minor, patch, year, month, day) {
				t.Errorf(`%q is not of the form "## [1.2.3] - 2006-01-02"`, line)
			}
			version := []int{major, minor, patch}
			if slices.Compare(version, newest) >= 0 {
				t.Errorf("%q is below an older version", line)
			}
			newest = version
		}
	}
	if headings == 0 {
		t.Error("there is no heading")
	}
}

func TestNotesAreTheSectionOfTheVersion(t *testing.T) {
	t.Parallel()

	script, err := filepath.Abs("notes")
	if err != nil {
		t.Fatal(err)
	}
	directory := t.TempDir()
	changelog := "# Changelog\n\n## [Unreleased]\n\n## [1.10.0] - 2026-02-01\n\n### Added\n\n- Ten.\n\n" +
		"## [1.1.0] - 2026-01-01\n\n- One.\n\n[1.1.0]: https://example.com/1.1.0\n"
	if err := os.WriteFile(filepath.Join(directory, "CHANGELOG.md"), []byte(changelog), 0o600); err != nil {
		t.Fatal(err)
	}
	notes := func(version string) *exec.Cmd {
		command := exec.CommandContext(t.Context(), script, version)
		command.Dir = directory
		return command
	}
	for version, want := range map[string]string{"1.10.0": "### Added\n\n- Ten.", "1.1.0": "- One."} {
		if got := strings.TrimSpace(run(t, notes(version))); got != want {
			t.Errorf("the notes of %s are %q, want %q", version, got, want)
		}
	}
	for _, version := range []string{"1.1.1", "1.1", "Unreleased", ""} { // there is nothing, or nothing to say
		if said, err := notes(version).CombinedOutput(); err == nil {
			t.Errorf("the notes of %q are %q", version, said)
		}
	}
}
