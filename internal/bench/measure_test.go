package bench

import "slices"

// samples are measurements of the same quantity in the same unit.
type samples []float64

func (s samples) median() float64 {
	sorted := slices.Sorted(slices.Values(s))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// ratioTo returns the median ratio to the floor. The two must have been measured with [alternate].
func (s samples) ratioTo(floor samples) float64 {
	var ratios samples
	for i := range s {
		ratios = append(ratios, s[i]/floor[i])
	}
	return ratios.median()
}

// alternate makes all calls in turn, the given number of times, so that changes in the machine's speed affect all of
// them.
func alternate(runs int, calls ...func() float64) []samples {
	measured := make([]samples, len(calls))
	for range runs {
		for i, call := range calls {
			measured[i] = append(measured[i], call())
		}
	}
	return measured
}
