// Package secret defines a string that never prints itself, for tokens, codes and client secrets.
package secret

import (
	"crypto/subtle"
	"fmt"
	"log/slog"
)

const redacted = "(secret)"

// Value is a string that prints as "(secret)" under every fmt verb, slog and encoding/json.
// Its zero value is the empty secret.
//
// The text is behind a pointer, because fmt reads the unexported fields of an enclosing struct by reflection, without
// calling Format. There it finds an address instead of the text.
type Value struct{ text *string }

// New returns text as a secret.
func New(text string) Value { return Value{&text} }

// Reveal returns the text. No other method does.
func (v Value) Reveal() string {
	if v.text == nil {
		return ""
	}
	return *v.text
}

// IsEmpty reports whether there is no text.
func (v Value) IsEmpty() bool { return v.Reveal() == "" }

// Equal compares two secrets in a time that depends only on their lengths.
func (v Value) Equal(other Value) bool {
	return subtle.ConstantTimeCompare([]byte(v.Reveal()), []byte(other.Reveal())) == 1
}

// Format implements [fmt.Formatter], so that no verb, flag or width prints the text.
func (v Value) Format(state fmt.State, _ rune) {
	_, _ = state.Write([]byte(redacted)) // fmt.State never fails
}

// String implements [fmt.Stringer].
func (v Value) String() string { return redacted }

// MarshalText implements [encoding.TextMarshaler], which encoding/json uses as well.
func (v Value) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue implements [slog.LogValuer].
func (v Value) LogValue() slog.Value { return slog.StringValue(redacted) }
