package httpclient

// MaxRetryAfter is internal, and tests go beyond it.
const MaxRetryAfter = maxRetryAfter
