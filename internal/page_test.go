// Package internal_test checks that the pages about the code match the code.
package internal_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// find returns the text that the group in pattern matches.
func find(t *testing.T, pattern, text string) string {
	t.Helper()
	found := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if found == nil {
		t.Fatalf("%s matches nothing", pattern)
	}
	return found[1]
}

// after returns the lines of a Markdown text after the line heading, up to the next empty line or the
// end of the code block.
func after(t *testing.T, text, heading string) (lines []string) {
	t.Helper()
	_, rest, found := strings.Cut(text, "\n"+heading+"\n")
	if !found {
		t.Fatalf("no line %q", heading)
	}
	for line := range strings.Lines(rest) {
		if line == "\n" || line == "```\n" {
			break
		}
		lines = append(lines, strings.TrimSuffix(line, "\n"))
	}
	return lines
}

type link struct{ text, target string }

var markdownLink = regexp.MustCompile(`\[([^\]]+)\]\(([^)]+)\)`)

func linksIn(text string) (links []link) {
	for _, found := range markdownLink.FindAllStringSubmatch(text, -1) {
		links = append(links, link{found[1], found[2]})
	}
	return links
}
