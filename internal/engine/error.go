package engine

import (
	"fmt"

	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

// NoCredentialError says that a request has neither a grant nor a profile.
type NoCredentialError struct{}

// Error implements the error interface.
func (*NoCredentialError) Error() string { return "no credential and no profile" }

// NoLoginError says that nothing is stored under Profile.
type NoLoginError struct{ Profile string }

// Error implements the error interface.
func (e *NoLoginError) Error() string {
	return fmt.Sprintf("no login is stored under the profile %q", e.Profile)
}

// LoginEndedError says that the stored login is of no more use and that the configured credential
// cannot start it again: a person has to sign in.
type LoginEndedError struct {
	Profile string
	Grant   oauth.GrantType // empty: the login of a profile
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

// CacheRequiredError says that what was asked for cannot be done with the token cache off: exactly
// one of Grant and Profile is set, to what needs it.
type CacheRequiredError struct {
	Grant   oauth.GrantType
	Profile string
}

// Error implements the error interface.
func (e *CacheRequiredError) Error() string { return "this needs the token cache, which is off" }

// CacheError says that the token cache cannot be used. Nothing has been sent.
type CacheError struct{ Err error }

// Error implements the error interface.
func (e *CacheError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *CacheError) Unwrap() error { return e.Err }
