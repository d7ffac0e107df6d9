package provider

import "fmt"

// unprintable is embedded in structs that hold secrets, so that no fmt verb prints them. JSON must not print them either,
// so the secrets are in fields that are not exported, such as those of the framework's strings.
type unprintable struct{}

// Format implements [fmt.Formatter].
func (unprintable) Format(state fmt.State, _ rune) {
	_, _ = state.Write([]byte("(secret)")) // fmt.State never fails
}
