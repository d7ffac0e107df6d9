package redact_test

import (
	"strings"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/redact"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

func TestTextIsSafeToShow(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct{ secret, text, want string }{
		"nothing":                   {"", "", ""},
		"ends with a quote":         {`pass"word"`, `{"x":"pass\"word\""}`, `{"x":"(secret)"}`},
		"ends with a backslash":     {`password\`, `{"x":"password\\"}`, `{"x":"(secret)"}`},
		"more than once":            {"abc", "abcabc abc", "(secret)(secret) (secret)"},
		"two spaces inside":         {"two  spaces", "is two  spaces, or two spaces", "is (secret), or (secret)"},
		"across lines":              {"two spaces", "is two\r\nspaces", "is (secret)"},
		"zero-width space inside":   {"abcdef", "abc\u200bdef", "(secret)"},
		"zero byte inside":          {"abcdef", "abc\x00def", "(secret)"},
		"bad UTF-8 inside":          {"abcdef", "abc\xffdef", "(secret)"},
		"surrogates in JSON":        {"a😀b", `"a\ud83d\ude00b"`, `"(secret)"`},
		"percent sign before":       {"41abc", "100%41abc", "100%(secret)"},
		"looks escaped":             {"a%2Bb", "a%2Bb a%252Bb", "(secret) (secret)"},
		"the mask itself":           {"secret", "a secret", "a ((secret))"},
		"far into the text":         {"abcdef", strings.Repeat(" ", 1<<20) + "abcdef", ""},
		"at the end of what counts": {"abcdef", strings.Repeat(" ", 16<<10-3) + "abcdef", "(se"},
	} {
		if got := redact.Text(test.text, []secret.Value{secret.New(test.secret)}); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

func TestTextMasksTheLongestSecretFirst(t *testing.T) {
	t.Parallel()

	secrets := []secret.Value{secret.New("abc"), secret.New("abcdef"), secret.New("xabc")}
	if got, want := redact.Text("abcdef xabc abc", secrets), "(secret) (secret) (secret)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
