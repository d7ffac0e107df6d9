package internal_test

import (
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// tokenEngine is the number of promises that the token engine makes.
const tokenEngine = 10

// TestPromisesAreProven checks that each promise in README.md names existing code and existing tests.
func TestPromisesAreProven(t *testing.T) {
	t.Parallel()
	_, section, _ := strings.Cut(read(t, "README.md"), "\n## Promises\n")
	numbered := 0
	for _, promise := range promisesIn(section) {
		begin, rest, kept := strings.Cut(promise, "Kept in ")
		code, tests, proven := strings.Cut(rest, "Proven by ")
		codeLinks, testLinks := linksIn(code), linksIn(tests)
		if !kept || !proven || len(codeLinks) == 0 || len(testLinks) == 0 {
			t.Errorf("promise without code or without a test: %s", begin)
		}
		for _, link := range codeLinks {
			if read(t, link.target); path.Base(link.target) != link.text || strings.HasSuffix(link.text, "_test.go") {
				t.Errorf("[%s](%s) does not link to code of that name", link.text, link.target)
			}
		}
		for _, link := range testLinks {
			checkProof(t, link)
		}
		if number, _, ok := strings.Cut(promise, ". **"); ok {
			if numbered++; number != strconv.Itoa(numbered) {
				t.Errorf("promise %s is at position %d", number, numbered)
			}
		}
	}
	if numbered != tokenEngine {
		t.Errorf("found %d numbered promises, want %d", numbered, tokenEngine)
	}
}

// checkProof fails the test unless link leads to a story or test of that name.
func checkProof(t *testing.T, link link) {
	t.Helper()
	text := read(t, link.target)
	switch {
	case strings.HasSuffix(link.target, ".txtar"):
		if path.Base(link.target) != link.text+".txtar" {
			t.Errorf("[%s](%s) links to a different story", link.text, link.target)
		}
	case !strings.HasSuffix(link.target, "_test.go"), !strings.Contains(text, "\nfunc "+link.text+"(t *testing.T)"):
		t.Errorf("[%s](%s) does not link to a test of that name", link.text, link.target)
	}
}

var item = regexp.MustCompile(`^(\d+\.|-) `)

// promisesIn returns the list items of a Markdown text.
func promisesIn(text string) (items []string) {
	for line := range strings.Lines(text) {
		switch {
		case item.MatchString(line):
			items = append(items, line)
		case strings.HasPrefix(line, "  ") && len(items) > 0:
			items[len(items)-1] += line
		}
	}
	return items
}
