// Command record runs the demo and draws what it prints as an SVG of a terminal: record FILE COMMAND [ARGUMENT...].
package main

import (
	"context"
	"fmt"
	"html"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"unicode/utf8"
)

const (
	columns                       = 100
	lineHeight, margin, charWidth = 18, 20, 7.9
)

const begin = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]d %[2]d" width="%[1]d" height="%[2]d" role="img" aria-label="A recorded run of make demo">
<style>
text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre; fill: #1f2328 }
rect { fill: #f6f8fa; stroke: #d1d9e0 }
.step { font-weight: 600 }
.command { fill: #0550ae }
.output { fill: #59636e }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc }
  rect { fill: #151b23; stroke: #3d444d }
  .command { fill: #79c0ff }
  .output { fill: #9198a1 }
}
</style>
<rect x="0.5" y="0.5" width="%[3]d" height="%[4]d" rx="8"/>
`

// kinds are the kinds of lines that have their own style, and the beginnings of those lines.
var kinds = []struct {
	class string
	begin *regexp.Regexp
}{
	{"step", regexp.MustCompile(`^\d+\. |^\$ `)},
	{"command", regexp.MustCompile(`^ {3}\$ `)},
	{"output", regexp.MustCompile(`^ {5}\S`)},
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: record FILE COMMAND [ARGUMENT...]")
		os.Exit(2)
	}
	if err := record(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// record runs the demo and writes the picture. If the demo fails, an existing picture stays.
func record(file string, demo []string) error {
	command := exec.CommandContext(context.Background(), demo[0], demo[1:]...)
	command.Stderr = os.Stderr
	printed, err := command.Output()
	if err != nil {
		return err
	}
	return os.WriteFile(file, []byte(draw("$ make demo\n"+string(printed))), 0o644)
}

// draw returns the picture of a session.
func draw(session string) string {
	var texts strings.Builder
	rows := 0
	for line := range strings.Lines(session) {
		line = strings.TrimRight(line, "\r\n")
		for _, row := range wrap(line) {
			rows++
			if row != "" {
				fmt.Fprintf(&texts, "<text class=%q x=\"%d\" y=\"%d\">%s</text>\n", classOf(line), margin, margin/2+rows*lineHeight, html.EscapeString(row))
			}
		}
	}
	width, height := int(columns*charWidth)+2*margin, (rows+1)*lineHeight+margin/2
	return fmt.Sprintf(begin+"%[5]s</svg>\n", width, height, width-1, height-1, texts.String())
}

func classOf(line string) string {
	for _, kind := range kinds {
		if kind.begin.MatchString(line) {
			return kind.class
		}
	}
	return "text"
}

// wrap breaks a long line at spaces, and indents each row like the line.
func wrap(line string) (rows []string) {
	words := strings.TrimLeft(line, " ")
	indent := line[:len(line)-len(words)]
	row := indent
	for i, word := range strings.Split(words, " ") {
		switch {
		case i == 0:
			row += word
		case utf8.RuneCountInString(row)+1+utf8.RuneCountInString(word) > columns:
			rows, row = append(rows, row), indent+word
		default:
			row += " " + word
		}
	}
	return append(rows, strings.TrimRight(row, " "))
}
