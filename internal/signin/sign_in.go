// Package signin signs a person in through a browser: it opens the authorize URL, waits at the loopback redirect URI
// for the answer, and lets the engine exchange the code (RFC 8252 section 7.3).
package signin

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

// Flow obtains tokens like its engine, and asks a person to sign in if a profile has no working login. All fields
// except Log are required. Use [New].
type Flow struct {
	Engine *engine.Engine
	Server oauth.Server
	// Getenv returns environment variables, which select the browser and tell whether the run is unattended.
	Getenv func(string) string
	// Timeout is how long a person has to sign in.
	Timeout time.Duration
	// PKCE asks for an S256 challenge in the authorize URL (RFC 7636).
	PKCE bool
	// Log receives the address, without secrets. Nothing is logged if it is nil.
	Log func(ctx context.Context, message string, fields ...map[string]any)

	// open opens a browser at an address.
	open func(ctx context.Context, address string) error
	// lock admits one sign-in at a time, because a person can complete only one at a time.
	lock chan struct{}
}

// New returns flow, ready to use.
func New(flow Flow) *Flow {
	flow.lock = make(chan struct{}, 1)
	flow.open = func(ctx context.Context, address string) error { return open(ctx, flow.Getenv("BROWSER"), address) }
	return &flow
}

// The pauses between checks of the token cache for a login from elsewhere. They grow, because object stores charge for
// requests.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = time.Second
)

// Token is like [engine.Engine.Token]. If the request names a profile without a working login, it opens a browser and
// waits until a person has signed in. The error is then an [*UnavailableError], a [*FailedError], an [*ExchangeError]
// or an [*engine.CanceledError].
func (f *Flow) Token(ctx context.Context, request engine.Request) (engine.Login, []engine.Warning, error) {
	login, warnings, err := f.Engine.Token(ctx, request)
	if !needsPerson(request, err) {
		return login, warnings, err
	}
	select {
	case f.lock <- struct{}{}:
		defer func() { <-f.lock }()
	case <-ctx.Done():
		return engine.Login{}, nil, &engine.CanceledError{SigningIn: true, Err: ctx.Err()}
	}
	before, err := f.readStored(ctx, request) // before the token, so that later changes are noticed
	if err != nil {
		return engine.Login{}, nil, err
	}
	if before.failedInThisRun(f) {
		return engine.Login{}, nil, &FailedError{*before.failed}
	}
	if login, warnings, err = f.Engine.Token(ctx, request); !needsPerson(request, err) { // another block has signed in meanwhile
		return login, warnings, err
	}
	login, warnings, err = f.signIn(ctx, request, before, err)
	if _, isExchange := errors.AsType[*ExchangeError](err); err != nil && !isExchange && ctx.Err() != nil { // a canceled context caused the error
		err = &engine.CanceledError{SigningIn: true, Err: ctx.Err()}
	}
	return login, warnings, err
}

// needsPerson reports whether err means that a person has to sign in to the profile of request.
func needsPerson(request engine.Request, err error) bool {
	if request.Grant.Type != "" || request.Profile == "" {
		return false
	}
	_, isMissing := errors.AsType[*engine.NoLoginError](err)
	ended, isEnded := errors.AsType[*engine.LoginEndedError](err)
	return isMissing || isEnded && !ended.NeedsChange()
}

// signIn asks a person to sign in. cause says why that is necessary, and before is what was stored at that time.
func (f *Flow) signIn(ctx context.Context, request engine.Request, before stored, cause error) (engine.Login, []engine.Warning, error) {
	redirect, err := f.check(request.Client.RedirectURI)
	if err != nil {
		return engine.Login{}, nil, &UnavailableError{Err: err, Cause: cause}
	}
	pending, err := f.Engine.AskToSignIn(ctx, request.Client, request.Profile, f.PKCE)
	if err != nil {
		return engine.Login{}, nil, &engine.CacheError{Err: err}
	}
	timeout := time.NewTimer(f.Timeout)
	defer timeout.Stop()
	pause := firstPause
	next := time.NewTimer(pause)
	defer next.Stop()
	waiting, end := context.WithCancel(ctx)
	defer end()
	var l *listener
	defer func() { l.shut() }() //nolint:contextcheck // it must run even after ctx has ended
	for attempts := 0; ; {
		opened := false
		if l == nil {
			if l, err = listen(ctx, redirect, pending.State); err == nil {
				opened = true
			} else if attempts, err = f.portTaken(ctx, redirect, attempts, err); err != nil {
				return engine.Login{}, nil, &UnavailableError{Err: err, Cause: cause}
			}
		}
		// A process stores its login, or the reason why there is none, before it releases the port.
		if now, err := f.readStored(ctx, request); err == nil {
			if now.hasNewerLogin(before) {
				return f.Engine.Token(ctx, request)
			}
			// An open window stays open for the person in front of it, even if other sign-ins have failed.
			if isWaiting := l == nil || opened; isWaiting && (now.failedInThisRun(f) || now.failedInAnotherWindow(before)) {
				return engine.Login{}, nil, &FailedError{*now.failed}
			}
		}
		if opened && ctx.Err() == nil {
			f.openBrowser(waiting, pending.AuthorizeURL(f.Server, request.Client))
		}
		select {
		case <-next.C:
			pause = min(pause*5/4, lastPause)
			next.Reset(pause)
		case answer := <-l.answers():
			return f.finish(ctx, request, l, answer)
		case <-timeout.C:
			reason := fmt.Sprintf("nobody signed in within %s", f.Timeout)
			if l == nil {
				reason += ", because another sign-in uses the port of the redirect_uri"
			}
			return engine.Login{}, nil, f.fail(ctx, request, engine.FailedSignIn{Window: l != nil, Reason: reason})
		case <-ctx.Done():
			return engine.Login{}, nil, &engine.CanceledError{SigningIn: true, Err: ctx.Err()}
		}
	}
}

// finish exchanges the code in the answer, and shows the result in the browser.
func (f *Flow) finish(ctx context.Context, request engine.Request, l *listener, answer answer) (engine.Login, []engine.Warning, error) {
	if answer.err != nil {
		failed := f.fail(ctx, request, engine.FailedSignIn{Window: true, Refused: true, Reason: answer.err.Error()})
		l.show(ctx, refusedPage(answer.err))
		return engine.Login{}, nil, failed
	}
	request.Grant, request.State = oauth.Grant{Type: oauth.AuthorizationCode, Credential: answer.code}, l.state
	login, warnings, err := f.Engine.Token(ctx, request)
	if err != nil {
		if ctx.Err() == nil { // a canceled run is not the person's refusal
			_ = f.fail(ctx, request, engine.FailedSignIn{Window: true, Refused: true, Reason: err.Error()})
		}
		l.show(ctx, failedPage(err))
		return engine.Login{}, warnings, &ExchangeError{Err: err}
	}
	l.show(ctx, signedInPage(login, request.Profile))
	return login, warnings, nil
}

// fail stores how the sign-in ended, for the other blocks and processes of the run.
func (f *Flow) fail(ctx context.Context, request engine.Request, failed engine.FailedSignIn) error {
	failed.Run, failed.At = engine.Run(), f.Engine.Now().UTC()
	if err := f.Engine.SignInFailed(ctx, request.Client, request.Profile, failed); err != nil {
		f.log(ctx, "could not store the failed sign-in for other blocks and processes", map[string]any{"error": err.Error()})
	}
	return &FailedError{failed}
}

// stored is what the token cache has for a profile: its login and its last failed browser sign-in. Both may be nil.
// Times from other machines are compared only with each other.
type stored struct {
	login  *engine.Login
	failed *engine.FailedSignIn
}

func (f *Flow) readStored(ctx context.Context, request engine.Request) (s stored, err error) {
	if s.failed, err = f.Engine.FailedSignIn(ctx, request.Client, request.Profile); err != nil {
		return stored{}, &engine.CacheError{Err: err}
	}
	s.login, _, err = f.Engine.Stored(ctx, request.Client, request.Profile)
	return s, err
}

// hasNewerLogin reports whether the login has changed since before.
func (s stored) hasNewerLogin(before stored) bool {
	if s.login == nil || before.login == nil {
		return s.login != nil
	}
	return !s.login.SignedInAt.Equal(before.login.SignedInAt) || s.login.Generation != before.login.Generation
}

// failedInThisRun reports whether this run's sign-in has failed.
func (s stored) failedInThisRun(f *Flow) bool {
	return s.failed != nil && s.failed.Run == engine.Run() && f.Engine.Now().Sub(s.failed.At) < f.Timeout // process IDs are reused
}

// failedInAnotherWindow reports whether a sign-in with a window has failed since before.
func (s stored) failedInAnotherWindow(before stored) bool {
	isNew := s.failed != nil && (before.failed == nil || s.failed.Run != before.failed.Run || !s.failed.At.Equal(before.failed.At))
	return isNew && s.failed.Window
}

// maxPortAttempts is how often a port in use is tried before it is reported as used by another program.
const maxPortAttempts = 8

// portTaken interprets a failed attempt to listen. While another sign-in of this provider has the port, it returns no
// error. It returns the number of attempts while another program had the port.
func (f *Flow) portTaken(ctx context.Context, redirect *url.URL, attempts int, err error) (int, error) {
	if !isAny(err, inUse) {
		return attempts, err
	}
	if isOwnListener(ctx, redirect) {
		return 0, nil
	}
	if attempts++; attempts < maxPortAttempts {
		return attempts, nil
	}
	return attempts, fmt.Errorf("another program uses the port of the redirect_uri %s (%s). End that program, or register a redirect URI with another port", redirect, redirect.Host)
}

func (f *Flow) log(ctx context.Context, message string, fields map[string]any) {
	if f.Log != nil {
		f.Log(ctx, message, fields)
	}
}
