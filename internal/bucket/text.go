package bucket

import (
	"regexp"
	"strings"
	"sync"
	"unicode"
)

// secrets matches possible secrets in the text of a server or SDK: the query of a signed URL, user information, an AWS
// access key, and any run of characters too long for a word, such as a token, signature or key.
var secrets = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\?[^\s"']+|//[^\s"'/]+@|\bA(?:KIA|SIA)[A-Z0-9]{8,}|[A-Za-z0-9+/_=%~-]{40,}`)
})

// clean makes the text of a server or SDK safe for a message: no secrets, one line, limited length.
func clean(text string) string {
	text, _, _ = strings.Cut(text[:min(len(text), 16<<10)], "\nResponse:") // Google's library appends the whole body
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
