package release

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A tag can be moved to different code; a commit cannot.
func TestActionsArePinnedToCommits(t *testing.T) {
	t.Parallel()

	files, err := filepath.Glob(filepath.Join(root, ".github/workflows/*.yml"))
	if err != nil || files == nil {
		t.Fatalf("found no workflows (error %v)", err)
	}
	pinned := regexp.MustCompile(`uses: [^@ ]+@[0-9a-f]{40} # v[0-9]+\.[0-9]+\.[0-9]+\n$`)
	own := regexp.MustCompile(`uses: \./[^@ ]+\n$`)
	for _, file := range files {
		contents, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(contents)) {
			if strings.Contains(line, "uses:") && !pinned.MatchString(line) && !own.MatchString(line) {
				t.Errorf("%s: %q does not name a commit followed by its version", file, strings.TrimSpace(line))
			}
		}
	}
}
