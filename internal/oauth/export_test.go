package oauth

// Internal functions that are tested directly.
var (
	DecodeToken = decodeToken
)

// Limits that tests reach and exceed.
const (
	DefaultLifetime = defaultLifetime
	MaxLifetime     = maxLifetime
	MaxTokenLength  = maxTokenLength
)
