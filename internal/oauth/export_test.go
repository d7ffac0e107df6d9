package oauth

// What is tested directly although it is internal.
var (
	Clean       = clean
	DecodeToken = decodeToken
	Explain     = explain
	RetryAfter  = retryAfter
)

// Limits that tests go up to and beyond.
const (
	DefaultLifetime = defaultLifetime
	MaxLifetime     = maxLifetime
	MaxReply        = maxReply
	MaxRetryAfter   = maxRetryAfter
	MaxText         = maxText
	MaxTokenLength  = maxTokenLength
)
