package bucket

import (
	"errors"
	"fmt"
)

// The errors that callers act on, with [errors.Is]. All other details are for people.
var (
	ErrNotFound  = errors.New("no such object")
	ErrConflict  = errors.New("the object has another version")
	ErrAmbiguous = errors.New("the object may have been written")
)

// Operation is what was attempted.
type Operation string

// The operations.
const (
	Read   Operation = "read"
	Write  Operation = "write"
	Delete Operation = "delete"
	List   Operation = "list"
)

// Reason is why an operation failed.
type Reason string

// The reasons.
const (
	NotFound      Reason = "not found"
	Conflict      Reason = "conflict"
	NoBucket      Reason = "no such bucket"
	NoCredentials Reason = "no credentials"
	Refused       Reason = "credentials refused"
	Expired       Reason = "credentials expired"
	Denied        Reason = "permission denied"
	OtherRegion   Reason = "another region"
	ClockSkew     Reason = "clock skew"
	Busy          Reason = "slow down"
	Broken        Reason = "server error"
	NoAnswer      Reason = "no answer"
	Unreachable   Reason = "unreachable"
	Untrusted     Reason = "TLS"
	Canceled      Reason = "canceled"
	TooLarge      Reason = "too large"
	Unconditional Reason = "conditions not kept"
	Misconfigured Reason = "misconfigured"
	Unexpected    Reason = "unexpected answer"
)

// Error says what could not be done, why, and what to do. It contains no secret. It does not wrap the SDK's error,
// which may contain a signed URL or the headers of a request.
type Error struct {
	Operation Operation
	Object    string // as in s3://bucket/prefix/name; for a list, the prefix
	Reason    Reason
	Problem   string // a clause
	Remedy    string // sentences without the last period, or empty
	Ambiguous bool   // see [ErrAmbiguous]
	cause     error  // the context's
}

// Error implements the error interface.
func (e *Error) Error() string {
	text := fmt.Sprintf("cannot %s %s: %s", e.Operation, e.Object, e.Problem)
	if e.Ambiguous {
		text += "; it may have been written anyway"
	}
	if e.Remedy != "" {
		text += ". " + e.Remedy
	}
	return text
}

// Is reports whether e matches target, which is one of the errors that callers act on.
func (e *Error) Is(target error) bool {
	switch target {
	case ErrNotFound:
		return e.Reason == NotFound
	case ErrConflict:
		return e.Reason == Conflict
	case ErrAmbiguous:
		return e.Ambiguous
	}
	return false
}

// Unwrap returns the context's error if that ended the operation.
func (e *Error) Unwrap() error { return e.cause }

// IsOutage reports whether the request and its retries failed because of the store, which may work again later.
func (e *Error) IsOutage() bool {
	switch e.Reason {
	case Busy, Broken, NoAnswer, Unreachable:
		return true
	}
	return false
}
