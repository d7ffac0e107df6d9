package signin

import "github.com/terraform-goto/terraform-provider-goto/internal/engine"

// UnavailableError reports that a browser sign-in is impossible here. No browser was opened.
type UnavailableError struct {
	Err   error // why, as the beginning of a sentence
	Cause error // why a sign-in is needed
}

// Error implements the error interface.
func (e *UnavailableError) Error() string { return e.Err.Error() }

// FailedError reports that a sign-in ended without a login, in this process or in another process of the run.
type FailedError struct{ engine.FailedSignIn }

// Error implements the error interface.
func (e *FailedError) Error() string { return e.Reason }

// ExchangeError reports that the person has signed in, but the code could not be exchanged.
type ExchangeError struct{ Err error } // from [engine.Engine.Token]

// Error implements the error interface.
func (e *ExchangeError) Error() string { return e.Err.Error() }

// Unwrap returns the engine's error.
func (e *ExchangeError) Unwrap() error { return e.Err }
