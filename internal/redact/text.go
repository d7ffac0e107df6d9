// Package redact makes what a server wrote fit for people: without secrets, in one line, of bounded length.
package redact

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// Text makes a server's text fit for a diagnostic: secrets masked in every encoding a server could
// echo them in, one line, no control or direction-changing characters, of bounded length.
func Text(text string, secrets []secret.Value) string {
	text = mask(text, secrets, func(form string) string { return form })
	text = text[:min(len(text), maxRead)]
	// Every server escapes in its own way, and what is dropped may have stood inside a secret.
	text = mask(plain(text), secrets, plain)
	text = longRun().ReplaceAllString(text, masked)
	if runes := []rune(text); len(runes) > maxText {
		text = string(runes[:maxText]) + "…"
	}
	return text
}

const (
	// maxText bounds what is repeated of a server's words, in runes.
	maxText = 300
	// maxRead bounds what is looked at to find them, in bytes.
	maxRead = 16 << 10
	masked  = "(secret)"
)

// longRun matches what is too long for a word: a server that repeats a part of some token, which
// no comparison with the known secrets would find.
var longRun = compiled(`[A-Za-z0-9._~+=%-]{41,}`)

// mask replaces what read makes of every form of secrets.
func mask(text string, secrets []secret.Value, read func(string) string) string {
	var forms []string
	for _, value := range secrets {
		for _, form := range encodings(value.Reveal()) {
			forms = append(forms, read(form))
		}
	}
	// The longest first: one may be a part of another.
	slices.SortFunc(forms, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b))
	})
	for _, form := range slices.Compact(forms) {
		if form != "" {
			text = strings.ReplaceAll(text, form, masked)
		}
	}
	return text
}

// encodings returns the forms in which text can stand in a reply.
func encodings(text string) []string {
	quoted, _ := json.Marshal(text) // a string always encodes
	return []string{
		base64.StdEncoding.EncodeToString([]byte(text)),
		base64.URLEncoding.EncodeToString([]byte(text)),
		base64.RawStdEncoding.EncodeToString([]byte(text)),
		base64.RawURLEncoding.EncodeToString([]byte(text)),
		text,
		string(quoted[1 : len(quoted)-1]),
		url.QueryEscape(text),
		url.PathEscape(text),
	}
}

// plain returns text unescaped and in one line, without what a terminal would act on.
func plain(text string) string {
	for range 3 { // JSON within JSON, and a URL in that
		text = html.UnescapeString(escaped().ReplaceAllStringFunc(text, unescape))
	}
	text = escapeSequence().ReplaceAllString(text, "")
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case IsControl(r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	return strings.Join(strings.Fields(text), " ")
}

// escapeSequence matches what would move the cursor or change colours in a terminal (ECMA-48).
var escapeSequence = compiled("\x1b(\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(\x07|\x1b\\\\)?|.)")

// escaped matches characters written for a URL or inside JSON.
var escaped = compiled(`(?:%[0-9A-Fa-f]{2})+|(?:\\u[0-9A-Fa-f]{4})+|\\["\\/]`)

func unescape(match string) (text string) {
	if match[0] == '%' {
		text, _ = url.PathUnescape(match) // well-formed, as matched
	} else {
		_ = json.Unmarshal([]byte(`"`+match+`"`), &text) // likewise
	}
	return text
}

// IsControl matches control characters and the invisible ones that change how text is shown.
func IsControl(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }

// compiled compiles an expression when it is first needed. Most processes need none of them, and
// together they are a noticeable part of the start of a process.
func compiled(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
