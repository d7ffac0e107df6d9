package oauth

// What is tested directly although it is internal.
var (
	DecodeToken = decodeToken
)

// Limits that tests go up to and beyond.
const (
	DefaultLifetime = defaultLifetime
	MaxLifetime     = maxLifetime
	MaxTokenLength  = maxTokenLength
)
