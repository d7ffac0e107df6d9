package httpclient

// MaxRetryAfter is exported for tests that exceed it.
const MaxRetryAfter = maxRetryAfter
