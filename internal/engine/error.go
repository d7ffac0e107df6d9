package engine

import (
	"fmt"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

// NoCredentialError says that a request has neither a grant nor a profile.
type NoCredentialError struct{}

// Error implements the error interface.
func (*NoCredentialError) Error() string { return "no credential and no profile" }

// NoLoginError says that no login that can be used is stored under Profile.
type NoLoginError struct {
	Profile  string
	Location string                 // of the cache, for people
	Found    *cache.UnreadableError // what is there in place of a login, nil if nothing is
}

// Error implements the error interface.
func (e *NoLoginError) Error() string {
	text := fmt.Sprintf("no login is stored under the profile %q in %s", e.Profile, e.Location)
	if e.Found != nil {
		text += ": " + e.Found.Error()
	}
	return text
}

// noLogin makes the error, with what the warnings say was found. They need not be shown beside it.
func (e *Engine) noLogin(profile string, warnings []Warning) *NoLoginError {
	none := &NoLoginError{Profile: profile, Location: e.Cache.Location()}
	for _, warning := range warnings {
		if unreadable, ok := warning.(UnreadableWarning); ok {
			none.Found = unreadable.Err
		}
	}
	return none
}

// LoginEndedError says that the stored login is of no more use and that the configured credential
// cannot start it again: a person has to sign in.
type LoginEndedError struct {
	Grant   oauth.GrantType // empty: the login of a profile
	Private bool            // the request asked for an access token of its own
	Lost    *Intent         // the last request whose answer was lost, nil if there was none since the last token
	Err     error           // what was found, nil: the access token ended and there is no refresh token
}

// Error implements the error interface.
func (e *LoginEndedError) Error() string {
	if e.Err == nil {
		return "the access token has ended and there is no refresh token"
	}
	return e.Err.Error()
}

// Unwrap returns what was found.
func (e *LoginEndedError) Unwrap() error { return e.Err }

// NeedsChange tells whether signing in again would end in the same way: what the server gives is of use once, and the
// request keeps it from being stored.
func (e *LoginEndedError) NeedsChange() bool { return e.Err == nil && e.Private }

// AnswerLostError says that the configured code was sent before and that nobody has seen the answer: the code may be
// used up, and is not sent again (RFC 6749 section 4.1.2).
type AnswerLostError struct{ Lost Intent }

// Error implements the error interface.
func (e *AnswerLostError) Error() string {
	return "the answer to the code was lost: " + e.Lost.String()
}

// SignInError says that a code came back from a sign-in that is not pending for the profile. Nothing has been sent.
type SignInError struct {
	Profile string // of the request
	// AskedFor is the profile that the sign-in was asked for, nil if no sign-in of that state is known.
	AskedFor *string
}

// Error implements the error interface.
func (e *SignInError) Error() string {
	if e.AskedFor != nil {
		return fmt.Sprintf("the sign-in was asked for the profile %q", *e.AskedFor)
	}
	return "the sign-in is not pending"
}

// CancelledError says that the run was cancelled before it had sent anything.
type CancelledError struct {
	Waiting   bool // for another run, or another block, that works with the same login
	SigningIn bool // for a person who signs in
	Err       error
}

// Error implements the error interface.
func (e *CancelledError) Error() string { return "cancelled: " + e.Err.Error() }

// Unwrap returns the context's error.
func (e *CancelledError) Unwrap() error { return e.Err }

// BusyError says that another process has kept the claim of the login for longer than its requests can take.
type BusyError struct {
	Intent *Intent // what it has sent, nil if that is not known
	Err    *cache.ClaimTimeoutError
}

// Error implements the error interface.
func (e *BusyError) Error() string { return e.Err.Error() }

// Unwrap returns what was waited for.
func (e *BusyError) Unwrap() error { return e.Err }

// CacheRequiredError says that what was asked for cannot be done with the token cache off. Grant is what needs the cache,
// empty: the profile.
type CacheRequiredError struct{ Grant oauth.GrantType }

// Error implements the error interface.
func (e *CacheRequiredError) Error() string { return "this needs the token cache, which is off" }

// CacheError says that the token cache cannot be used. Nothing has been sent.
type CacheError struct{ Err error }

// Error implements the error interface.
func (e *CacheError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *CacheError) Unwrap() error { return e.Err }
