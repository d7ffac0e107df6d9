// Package redact makes text from a server safe to show: without secrets, on one line, and of limited length.
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

// Text makes a server's text safe for a diagnostic: secrets are masked in every encoding in which a server could echo
// them, and the result is one line of limited length without control or direction-changing characters.
func Text(text string, secrets []secret.Value) string {
	text = mask(text, secrets, func(form string) string { return form })
	text = text[:min(len(text), maxRead)]
	// Servers escape in different ways, and the characters that plain drops may be inside a secret.
	text = mask(plain(text), secrets, plain)
	text = longRun().ReplaceAllString(text, masked)
	if runes := []rune(text); len(runes) > maxText {
		text = string(runes[:maxText]) + "…"
	}
	return text
}

const (
	// maxText limits the result, in runes.
	maxText = 300
	// maxRead limits the input that is examined, in bytes.
	maxRead = 16 << 10
	masked  = "(secret)"
)

// longRun matches text that is too long to be a word. It may be part of a token, which a comparison with the known
// secrets would not find.
var longRun = lazyRegexp(`[A-Za-z0-9._~+=%-]{41,}`)

// mask replaces every form of the secrets in text. It applies transform to each form first.
func mask(text string, secrets []secret.Value, transform func(string) string) string {
	var forms []string
	for _, value := range secrets {
		for _, form := range encodings(value.Reveal()) {
			forms = append(forms, transform(form))
		}
	}
	// The longest first, because one may be part of another.
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

// encodings returns the forms in which text can appear in a reply.
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

// plain returns text unescaped and on one line, without characters that control a terminal.
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

// escapeSequence matches sequences that move the cursor or change colors in a terminal (ECMA-48).
var escapeSequence = lazyRegexp("\x1b(\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(\x07|\x1b\\\\)?|.)")

// escaped matches characters that are escaped for a URL or JSON.
var escaped = lazyRegexp(`(?:%[0-9A-Fa-f]{2})+|(?:\\u[0-9A-Fa-f]{4})+|\\["\\/]`)

func unescape(match string) (text string) {
	if match[0] == '%' {
		text, _ = url.PathUnescape(match) // well-formed, because it matched
	} else {
		_ = json.Unmarshal([]byte(`"`+match+`"`), &text) // likewise
	}
	return text
}

// IsControl matches control characters and invisible characters that change how text is shown.
func IsControl(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }

// lazyRegexp compiles an expression on first use. Compiling all expressions at the start would slow every process
// noticeably, and most processes use none.
func lazyRegexp(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
