package engine

import (
	"fmt"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

// NoCredentialError reports that a request has neither a grant nor a profile.
type NoCredentialError struct{}

// Error implements the error interface.
func (*NoCredentialError) Error() string { return "no credential and no profile" }

// NoLoginError reports that no usable login is stored under Profile.
type NoLoginError struct {
	Profile  string
	Location string                 // of the cache, for messages
	Found    *cache.UnreadableError // what is there instead of a login, or nil
}

// Error implements the error interface.
func (e *NoLoginError) Error() string {
	text := fmt.Sprintf("no login is stored under the profile %q in %s", e.Profile, e.Location)
	if e.Found != nil {
		text += ": " + e.Found.Error()
	}
	return text
}

// noLogin returns the error for a profile without a login. It includes what warnings say, so they need not be shown.
func (e *Engine) noLogin(profile string, warnings []Warning) *NoLoginError {
	none := &NoLoginError{Profile: profile, Location: e.Cache.Location()}
	for _, warning := range warnings {
		if unreadable, ok := warning.(UnreadableWarning); ok {
			none.Found = unreadable.Err
		}
	}
	return none
}

// LoginEndedError reports that the stored login can no longer be used and that the configured credential cannot replace
// it: a person has to sign in.
type LoginEndedError struct {
	Grant   oauth.GrantType // empty for the login of a profile
	Private bool            // the request asked for an access token of its own
	Lost    *Intent         // the last request whose answer was lost since the last token, or nil
	Err     error           // the cause; nil if the access token has expired and there is no refresh token
}

// Error implements the error interface.
func (e *LoginEndedError) Error() string {
	if e.Err == nil {
		return "the access token has expired and there is no refresh token"
	}
	return e.Err.Error()
}

// Unwrap returns the cause.
func (e *LoginEndedError) Unwrap() error { return e.Err }

// NeedsChange reports whether signing in again would not help: the server issues only an access token, and the request
// keeps it from being stored.
func (e *LoginEndedError) NeedsChange() bool { return e.Err == nil && e.Private }

// AnswerLostError reports that the configured code was sent before and that its answer was lost. The code may be used
// up, and is not sent again (RFC 6749 section 4.1.2).
type AnswerLostError struct{ Lost Intent }

// Error implements the error interface.
func (e *AnswerLostError) Error() string {
	return "the answer to the code was lost: " + e.Lost.String()
}

// SignInError reports that a code came back from a sign-in that is not pending for the profile. Nothing has been sent.
type SignInError struct {
	Profile string // of the request
	// AskedFor is the profile that the sign-in was requested for, or nil if no sign-in with that state is known.
	AskedFor *string
}

// Error implements the error interface.
func (e *SignInError) Error() string {
	if e.AskedFor != nil {
		return fmt.Sprintf("the sign-in was requested for the profile %q", *e.AskedFor)
	}
	return "the sign-in is not pending"
}

// CanceledError reports that the run was canceled before it sent anything.
type CanceledError struct {
	Waiting   bool // for another run or block that uses the same login
	SigningIn bool // for a person who signs in
	Err       error
}

// Error implements the error interface.
func (e *CanceledError) Error() string { return "canceled: " + e.Err.Error() }

// Unwrap returns the context's error.
func (e *CanceledError) Unwrap() error { return e.Err }

// BusyError reports that another process has held the claim of the login for longer than its requests can take.
type BusyError struct {
	Intent *Intent // what it has sent, or nil if that is not known
	Err    *cache.ClaimTimeoutError
}

// Error implements the error interface.
func (e *BusyError) Error() string { return e.Err.Error() }

// Unwrap returns the error of the wait.
func (e *BusyError) Unwrap() error { return e.Err }

// CacheRequiredError reports that a request is impossible with the token cache off. Grant is what needs the cache; if
// it is empty, the profile does.
type CacheRequiredError struct{ Grant oauth.GrantType }

// Error implements the error interface.
func (e *CacheRequiredError) Error() string { return "this needs the token cache, which is off" }

// CacheError reports that the token cache cannot be used. Nothing has been sent.
type CacheError struct{ Err error }

// Error implements the error interface.
func (e *CacheError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *CacheError) Unwrap() error { return e.Err }
