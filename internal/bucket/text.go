package bucket

import (
	"regexp"
	"strings"
	"sync"
	"unicode"
)

// What may be a secret in a text of a server or an SDK: the query of a signed URL, user information, an AWS access
// key, and every run of characters that is too long for a word, which covers tokens, signatures and keys.
var secrets = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\?[^\s"']+|//[^\s"'/]+@|\bA(?:KIA|SIA)[A-Z0-9]{8,}|[A-Za-z0-9+/_=%~-]{40,}`)
})

// clean makes a text of others fit for a message: without secrets, in one line and of bounded length.
func clean(text string) string {
	text, _, _ = strings.Cut(text[:min(len(text), 16<<10)], "\nResponse:") // a whole body would follow
	text = secrets().ReplaceAllString(text, "…")
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	text = strings.Trim(strings.Join(strings.Fields(text), " "), ". ")
	if runes := []rune(text); len(runes) > 300 {
		text = string(runes[:300]) + "…"
	}
	return text
}
