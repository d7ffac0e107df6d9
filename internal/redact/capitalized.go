package redact

import (
	"strings"
	"unicode"
)

// Capitalized returns the text of a Go error as the beginning of a sentence. A URL at its start stays as it is.
func Capitalized(text string) string {
	runes := []rune(text)
	if len(runes) > 0 && !strings.HasPrefix(text, "http") {
		runes[0] = unicode.ToUpper(runes[0])
	}
	return string(runes)
}
