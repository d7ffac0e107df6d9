package release

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestNotesAreTheChangelogSection(t *testing.T) {
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
			t.Errorf("notes for %s: got %q, want %q", version, got, want)
		}
	}
	for _, version := range []string{"1.1.1", "1.1", "Unreleased", ""} { // no section, or an empty one
		if said, err := notes(version).CombinedOutput(); err == nil {
			t.Errorf("notes for %q: got %q, want an error", version, said)
		}
	}
}
