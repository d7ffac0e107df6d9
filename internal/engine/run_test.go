package engine_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
)

// In a container with the host's name, the CLI is process 1 in every run.
func TestRunIncludesStartOfParent(t *testing.T) {
	t.Parallel()
	for stat, want := range map[string]string{
		"1 (terraform) S 0 1 1 34816 1 4194560 1 2 3 4 5 6 7 8 20 0 9 0 812345 1 2":    "812345",
		"1 (odd ) name) S 0 1 1 34816 1 4194560 1 2 3 4 5 6 7 8 20 0 9 0 812346 1 2 3": "812346",
		"1 (cut) S 0": "",
		"":            "",
	} {
		if got := engine.StartIn(stat); got != want {
			t.Errorf("%q: got %q, want %q", stat, got, want)
		}
	}
	if runtime.GOOS == "linux" && !strings.Contains(engine.Run(), " since ") {
		t.Errorf("Run returned %q", engine.Run())
	}
}
