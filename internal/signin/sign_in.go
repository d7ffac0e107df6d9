// Package signin signs a person in through a browser: it opens the authorize URL, waits at the loopback redirect URI
// for the browser to come back, and has the code exchanged (RFC 8252 section 7.3).
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

// Flow obtains tokens like its engine, and asks a person to sign in if a profile holds no working login. All fields
// except Log are required. Use [New].
type Flow struct {
	Engine *engine.Engine
	Server oauth.Server
	// Getenv returns environment variables. They name the browser, and say when no person is there.
	Getenv func(string) string
	// Timeout is how long a person has to sign in.
	Timeout time.Duration
	// PKCE asks for an S256 challenge in the authorize URL (RFC 7636).
	PKCE bool
	// Log receives the address, without secrets. Nothing is logged if it is nil.
	Log func(ctx context.Context, message string, fields ...map[string]any)

	// open opens a browser at an address.
	open func(ctx context.Context, address string) error
	// turn admits one sign-in at a time, because a person can only attend to one.
	turn chan struct{}
}

// New returns flow ready for use.
func New(flow Flow) *Flow {
	flow.turn = make(chan struct{}, 1)
	flow.open = func(ctx context.Context, address string) error { return open(ctx, flow.Getenv("BROWSER"), address) }
	return &flow
}

// The pauses between checks of the token cache for a login that was obtained in another way. They grow, because object
// stores charge for requests.
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
	case f.turn <- struct{}{}:
		defer func() { <-f.turn }()
	case <-ctx.Done():
		return engine.Login{}, nil, &engine.CanceledError{SigningIn: true, Err: ctx.Err()}
	}
	before, err := f.look(ctx, request) // first, so that later changes are noticed
	if err != nil {
		return engine.Login{}, nil, err
	}
	if before.isOfThisRun(f) {
		return engine.Login{}, nil, &FailedError{*before.failed}
	}
	if login, warnings, err = f.Engine.Token(ctx, request); !needsPerson(request, err) { // another block has signed in in the meantime
		return login, warnings, err
	}
	login, warnings, err = f.signIn(ctx, request, before, err)
	if _, isExchange := errors.AsType[*ExchangeError](err); err != nil && !isExchange && ctx.Err() != nil { // the error is a consequence
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

// signIn asks a person to sign in. Cause is why that is needed, and before is what was stored at that time.
func (f *Flow) signIn(ctx context.Context, request engine.Request, before kept, cause error) (engine.Login, []engine.Warning, error) {
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
	for taken := 0; ; {
		opened := false
		if l == nil {
			if l, err = listen(ctx, redirect, pending.State); err == nil {
				opened = true
			} else if taken, err = f.portTaken(ctx, redirect, taken, err); err != nil {
				return engine.Login{}, nil, &UnavailableError{Err: err, Cause: cause}
			}
		}
		// A process stores its login, or why there is none, before it gives up the port.
		if now, err := f.look(ctx, request); err == nil {
			if now.hasNewerLogin(before) {
				return f.Engine.Token(ctx, request)
			}
			// An open window stays open for the person in front of it, even if other sign-ins have failed.
			if isWaiting := l == nil || opened; isWaiting && (now.isOfThisRun(f) || now.hasOtherWindow(before)) {
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
				reason += ", because another sign-in has the port of the redirect_uri"
			}
			return engine.Login{}, nil, f.fail(ctx, request, engine.FailedSignIn{Window: l != nil, Reason: reason})
		case <-ctx.Done():
			return engine.Login{}, nil, &engine.CanceledError{SigningIn: true, Err: ctx.Err()}
		}
	}
}

// finish exchanges the code that the browser has brought, and shows the person the result.
func (f *Flow) finish(ctx context.Context, request engine.Request, l *listener, answer answer) (engine.Login, []engine.Warning, error) {
	if answer.err != nil {
		failed := f.fail(ctx, request, engine.FailedSignIn{Window: true, Refused: true, Reason: answer.err.Error()})
		l.show(ctx, refusedPage(answer.err))
		return engine.Login{}, nil, failed
	}
	request.Grant, request.State = oauth.Grant{Type: oauth.AuthorizationCode, Credential: answer.code}, l.state
	login, warnings, err := f.Engine.Token(ctx, request)
	if err != nil {
		if ctx.Err() == nil { // a canceled run says nothing about the person
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

// kept is what the token cache has for a profile: its login, and its last failed browser sign-in. Both may be nil.
// Times from other machines are compared only with each other.
type kept struct {
	login  *engine.Login
	failed *engine.FailedSignIn
}

func (f *Flow) look(ctx context.Context, request engine.Request) (k kept, err error) {
	if k.failed, err = f.Engine.FailedSignIn(ctx, request.Client, request.Profile); err != nil {
		return kept{}, &engine.CacheError{Err: err}
	}
	k.login, _, err = f.Engine.Stored(ctx, request.Client, request.Profile)
	return k, err
}

// hasNewerLogin reports whether the login has changed since before.
func (k kept) hasNewerLogin(before kept) bool {
	if k.login == nil || before.login == nil {
		return k.login != nil
	}
	return !k.login.SignedInAt.Equal(before.login.SignedInAt) || k.login.Generation != before.login.Generation
}

// isOfThisRun reports whether a sign-in of this run has failed.
func (k kept) isOfThisRun(f *Flow) bool {
	return k.failed != nil && k.failed.Run == engine.Run() && f.Engine.Now().Sub(k.failed.At) < f.Timeout // process IDs are reused
}

// hasOtherWindow reports whether a window has been open since before without anyone signing in.
func (k kept) hasOtherWindow(before kept) bool {
	isNew := k.failed != nil && (before.failed == nil || k.failed.Run != before.failed.Run || !k.failed.At.Equal(before.failed.At))
	return isNew && k.failed.Window
}

// portGrace is how often a port in use is tried before it counts as used by another program.
const portGrace = 8

// portTaken interprets a failure to listen. It is no error while another sign-in of this provider has the port.
func (f *Flow) portTaken(ctx context.Context, redirect *url.URL, times int, err error) (int, error) {
	if !isAny(err, inUse) {
		return times, err
	}
	if isOurs(ctx, redirect) {
		return 0, nil
	}
	if times++; times < portGrace {
		return times, nil
	}
	return times, fmt.Errorf("another program uses the port of the redirect_uri %s, %s. End that program, or register a redirect URI with another port", redirect, redirect.Host)
}

func (f *Flow) log(ctx context.Context, message string, fields map[string]any) {
	if f.Log != nil {
		f.Log(ctx, message, fields)
	}
}
