package bench

import "slices"

// samples are measurements of one thing, in one unit.
type samples []float64

func (s samples) median() float64 {
	sorted := slices.Sorted(slices.Values(s))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// over is the median of the ratios to a floor that was measured in turns with it.
func (s samples) over(floor samples) float64 {
	var ratios samples
	for i := range s {
		ratios = append(ratios, s[i]/floor[i])
	}
	return ratios.median()
}

// inTurns makes all calls, one after the other, that many times: a change in the speed of the machine
// meets all of them.
func inTurns(runs int, calls ...func() float64) []samples {
	measured := make([]samples, len(calls))
	for range runs {
		for i, call := range calls {
			measured[i] = append(measured[i], call())
		}
	}
	return measured
}
