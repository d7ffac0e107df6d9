package bench

import (
	"runtime"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/bench/constant"
)

func TestWarmOpeningAllocatesLittle(t *testing.T) { //nolint:paralleltest // it counts the allocations of the whole process
	w := newWorld(t, 0)
	allocated := func(o *opener) float64 {
		const openings = 200
		given := grants["refresh_token"](w)
		o.open(given)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range openings {
			o.open(given)
		}
		runtime.ReadMemStats(&after)
		return float64(after.TotalAlloc-before.TotalAlloc) / openings
	}
	provider, floor := allocated(w.provider()), allocated(newOpener(t, constant.New))
	t.Logf("%.0f bytes per opening; the constant provider allocates %.0f", provider, floor)
	// The constant provider leaves its attributes to the framework's reflection. If a new version of the framework fails
	// this test, the provider may no longer need to avoid that.
	if provider > 0.6*floor {
		t.Errorf("%.0f bytes per opening; the constant provider allocates %.0f", provider, floor)
	}
	w.wantRequests(1)
}
