package bench

import (
	"fmt"
	"html"
	"strings"
)

// chart returns an SVG with a bar for each row's ratio, a line at the floor, and a mark at each target. It draws its
// own background to be readable in light and dark themes.
func chart(rows []row) string {
	const width, left, right, step = 720, 330, 70, 24
	longest := 1.0
	for _, r := range rows {
		longest = max(longest, r.ratio, r.limit)
	}
	at := func(ratio float64) float64 { return left + ratio/longest*(width-left-right) }
	height := len(rows)*step + 16
	var svg strings.Builder
	fmt.Fprintf(&svg, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%[1]d" height="%[2]d" role="img">
<style>
.card { fill: #f6f8fa } text { fill: #1f2328; font: 12px sans-serif } .bar { fill: #2f81f7 } .floor { stroke: #1f2328; stroke-dasharray: 3 3 } .target { stroke: #cf222e; stroke-width: 2 }
@media (prefers-color-scheme: dark) { .card { fill: #161b22 } text { fill: #e6edf3 } .floor { stroke: #e6edf3 } .target { stroke: #ff7b72 } }
</style>
<rect class="card" width="%[1]d" height="%[2]d" rx="6"/>
`, width, height)
	for i, r := range rows {
		y, end := 8+i*step, max(at(r.ratio), at(r.limit))+6
		fmt.Fprintf(&svg, `<text x="%d" y="%d" text-anchor="end">%s</text><text x="%.1f" y="%d">%s</text>`+"\n",
			left-8, y+16, html.EscapeString(r.what), end, y+16, times(r.ratio))
		fmt.Fprintf(&svg, `<rect class="bar" x="%d" y="%d" width="%.1f" height="16"/>`+"\n", left, y+4, at(r.ratio)-left)
		if r.limit > 0 {
			fmt.Fprintf(&svg, `<path class="target" d="M %.1f %d v 20"/>`+"\n", at(r.limit), y+2)
		}
	}
	fmt.Fprintf(&svg, `<path class="floor" d="M %.1f 4 v %d"/>`+"\n</svg>\n", at(1), height-8)
	return svg.String()
}
