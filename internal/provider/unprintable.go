package provider

import "fmt"

// unprintable is embedded in models that hold secrets as the framework's strings, so that no fmt verb prints
// them. JSON does not print them either, because those strings have no exported fields.
type unprintable struct{}

// Format implements [fmt.Formatter].
func (unprintable) Format(state fmt.State, _ rune) {
	_, _ = state.Write([]byte("(secret)")) // fmt.State never fails
}
