package engine

import (
	"fmt"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

// ShortTokenWarning says that the server hands out tokens that end before MinValidity is over.
type ShortTokenWarning struct{ Left, MinValidity time.Duration }

// Error implements the error interface.
func (w *ShortTokenWarning) Error() string {
	return fmt.Sprintf("the access token ends in %s, before min_validity (%s)", w.Left, w.MinValidity)
}

// ExpiringLoginWarning says that the refresh token ends soon and that the server has not replaced it.
type ExpiringLoginWarning struct {
	ExpiresAt time.Time
	Profile   string
}

// Error implements the error interface.
func (w *ExpiringLoginWarning) Error() string {
	return "the refresh token ends at " + w.ExpiresAt.Format(time.RFC3339)
}

// UnreadableWarning says that an entry of the cache was ignored.
type UnreadableWarning struct{ Err *cache.UnreadableError }

// Error implements the error interface.
func (w *UnreadableWarning) Error() string { return w.Err.Error() }

// Unwrap returns what is wrong with the entry.
func (w *UnreadableWarning) Unwrap() error { return w.Err }

// NotStoredWarning says that the server has given a login which could not be stored: the run has
// it, the next process will not.
type NotStoredWarning struct {
	Grant oauth.GrantType // what was configured, empty: the login of a profile
	Err   error
}

// Error implements the error interface.
func (w *NotStoredWarning) Error() string { return w.Err.Error() }

// Unwrap returns why storing failed.
func (w *NotStoredWarning) Unwrap() error { return w.Err }

// ProfileNotStoredWarning says that a login could not be kept under Profile.
type ProfileNotStoredWarning struct {
	Profile string
	Err     error
}

// Error implements the error interface.
func (w *ProfileNotStoredWarning) Error() string { return w.Err.Error() }

// Unwrap returns why storing failed.
func (w *ProfileNotStoredWarning) Unwrap() error { return w.Err }

// ProfileMovedWarning says that a profile now leads to the login of another person.
type ProfileMovedWarning struct {
	Profile  string
	From, To string // principals, empty where the server named none
}

// Error implements the error interface.
func (w *ProfileMovedWarning) Error() string {
	return fmt.Sprintf("the profile %q has moved from %q to %q", w.Profile, w.From, w.To)
}

// ProfileKeptWarning says that a profile was not moved, because the login it leads to began later.
type ProfileKeptWarning struct {
	Profile       string
	Held, Offered Login
}

// Error implements the error interface.
func (w *ProfileKeptWarning) Error() string {
	return fmt.Sprintf("the profile %q keeps the login that began at %s", w.Profile, w.Held.SignedInAt.Format(time.RFC3339))
}

// ReplacedWarning says that the server has replaced the configured refresh token while the cache is
// off, so that nothing keeps the new one.
type ReplacedWarning struct{}

// Error implements the error interface.
func (*ReplacedWarning) Error() string {
	return "the refresh token was replaced and the token cache is off"
}
