// Package engine turns a credential into a valid access token: one request however many ask, no
// code sent twice, no replaced refresh token lost, across processes that share a token cache.
package engine

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// Engine hands out tokens. All fields but Log are required; an engine must not be copied.
type Engine struct {
	Endpoint *oauth.TokenEndpoint
	Cache    *cache.Cache
	Now      func() time.Time
	// Log is told what the engine decides, without secrets; nil is silent.
	Log func(ctx context.Context, message string, fields ...map[string]any)

	mutex sync.Mutex
	// unsaved holds logins that the server has given and the cache has refused, see [unsavedKey]: the
	// rest of the process uses them, and every use tries to store them again.
	unsaved map[cache.Key]unsaved
	// failures are the last failed request of each entry, see [failureMemory].
	failures map[cache.Key]failure
}

// Request asks for a token.
type Request struct {
	Client oauth.Client
	// Grant is the configured credential. Without a type there is none, and the login kept as
	// Profile is used.
	Grant oauth.Grant
	// Profile is the name under which the login is kept, or empty.
	Profile string
	// MinValidity is how long the token must live at least from now on.
	MinValidity time.Duration
	// Private asks for an access token that nobody else is handed, now or later: it is requested anew
	// and not kept. The refresh token behind it is kept as usual.
	Private bool
	// Refused is an access token that an API has refused as ended, whatever its expiry says. It is
	// not handed out again. Usually empty.
	Refused secret.Value
}

// foresight is how long before its end a refresh token that was not replaced is worth a warning.
// GoTo replaces it from day 18 of its 30 days on, whenever it is used.
const foresight = 7 * 24 * time.Hour

// Token returns the login for request, its access token valid for MinValidity. The warnings are of
// the types in warning.go, the error is of one of the types in error.go or an [*oauth.TokenError].
//
// Everything about one credential happens under the lock of its entry, in this order: lock, read,
// hand out what is valid, else refresh, else exchange, store, unlock.
func (e *Engine) Token(ctx context.Context, request Request) (Login, []error, error) {
	if err := e.check(request); err != nil {
		return Login{}, nil, err
	}
	key, warnings, err := e.loginKey(ctx, request)
	if err != nil {
		return Login{}, warnings, err
	}
	login, renewed, more, err := e.locked(ctx, key, request)
	warnings = append(warnings, more...)
	if err != nil {
		return Login{}, warnings, err
	}
	if renewed { // and so not on the way of those who are served from the cache
		e.prune(ctx)
	}
	if request.Profile != "" && request.Grant.Type != "" {
		warnings = append(warnings, e.keepAs(ctx, request, key)...)
	}
	if end := login.RefreshTokenExpiresAt; e.Now().Before(end) && end.Sub(e.Now()) < foresight {
		warnings = append(warnings, &ExpiringLoginWarning{ExpiresAt: end, Profile: request.Profile})
	}
	if left := login.ExpiresAt.Sub(e.Now()); left < request.MinValidity {
		warnings = append(warnings, &ShortTokenWarning{Left: left, MinValidity: request.MinValidity})
	}
	return login, warnings, nil
}

// check refuses what the cache being off makes impossible, before anything is read or sent.
func (e *Engine) check(request Request) error {
	switch {
	case request.Grant.Type == "" && request.Profile == "":
		return &NoCredentialError{}
	case e.Cache.Persistent():
		return nil
	case request.Grant.Type == oauth.AuthorizationCode:
		return &CacheRequiredError{Grant: oauth.AuthorizationCode}
	case request.Profile != "":
		return &CacheRequiredError{Profile: request.Profile}
	}
	return nil
}

// locked does the engine's work on the entry at key. It tells whether the login had to be renewed.
func (e *Engine) locked(ctx context.Context, key cache.Key, request Request) (login Login, renewed bool, warnings []error, err error) {
	unlock, err := e.lock(ctx, key)
	if err != nil {
		return Login{}, false, nil, err
	}
	defer unlock()

	stored, warnings, err := e.read(ctx, key, request)
	if err != nil {
		return Login{}, false, warnings, err
	}
	if stored != nil && request.accepts(*stored, e.Now()) {
		e.log(ctx, "using the stored access token", map[string]any{"expires_at": stored.ExpiresAt})
		return *stored, false, append(warnings, e.saveAgain(ctx, key, request)...), nil
	}
	if err := e.recentFailure(key, request); err != nil {
		return Login{}, false, warnings, err
	}
	fresh, err := e.renew(ctx, key, request, stored)
	if err != nil {
		if ctx.Err() == nil {
			e.rememberFailure(key, request, err)
		}
		return Login{}, false, warnings, err
	}
	keep := fresh
	if request.Private {
		keep = fresh.withAccessTokenOf(stored)
	}
	return fresh, true, append(warnings, e.write(ctx, key, request, keep, stored)...), nil
}

// accepts tells whether the stored login answers the request.
func (r Request) accepts(stored Login, now time.Time) bool {
	return !r.Private && stored.valid(now, r.MinValidity) && !stored.AccessToken.Equal(r.Refused)
}

// renew gets a fresh token: with the refresh token of the stored login, else, where that login has
// ended, with the configured credential.
func (e *Engine) renew(ctx context.Context, key cache.Key, request Request, stored *Login) (Login, error) {
	if stored != nil && !stored.RefreshToken.IsEmpty() {
		refresh := oauth.Grant{Type: oauth.RefreshToken, Credential: stored.RefreshToken}
		fresh, err := e.request(ctx, request.Client, refresh, *stored)
		if err == nil || !isEnded(err) {
			return fresh, err
		}
		if !canReplace(request.Grant, *stored) {
			return Login{}, &LoginEndedError{Profile: request.Profile, Grant: request.Grant.Type, Err: err}
		}
		e.log(ctx, "the stored refresh token has ended; using the configured credential", nil)
	} else if stored != nil && (request.Grant.Type == "" || !request.Grant.Reusable()) {
		return Login{}, &LoginEndedError{Profile: request.Profile, Grant: request.Grant.Type}
	}
	switch request.Grant.Type {
	case "":
		return Login{}, &NoLoginError{Profile: request.Profile}
	case oauth.AuthorizationCode:
		// A code that has been sent is gone: what it brings must find a place.
		if err := e.Cache.ProveWritable(ctx, key); err != nil {
			return Login{}, &CacheError{Err: err}
		}
	case oauth.RefreshToken, oauth.PersonalAccessToken:
	}
	return e.request(ctx, request.Client, request.Grant, Login{})
}

// isEnded tells whether err means that the credential which was sent is no longer accepted.
func isEnded(err error) bool {
	var refused *oauth.TokenError
	return errors.As(err, &refused) && refused.Outcome == oauth.Refused && refused.Code == oauth.InvalidGrant
}

// canReplace tells whether the configured grant is worth a request after the refresh token of the
// stored login was refused.
func canReplace(grant oauth.Grant, stored Login) bool {
	switch grant.Type {
	case oauth.PersonalAccessToken:
		return true
	case oauth.RefreshToken:
		return !grant.Credential.Equal(stored.RefreshToken)
	case oauth.AuthorizationCode:
	}
	return false
}

// request sends one token request and returns the login as it stands after the reply.
func (e *Engine) request(ctx context.Context, client oauth.Client, grant oauth.Grant, before Login) (Login, error) {
	sent := e.Now()
	e.log(ctx, "requesting a token", map[string]any{"grant_type": string(grant.Type)})
	reply, err := e.Endpoint.Token(ctx, client, grant)
	if err != nil {
		return Login{}, err
	}
	return before.after(grant, reply, sent), nil
}

// lock takes the lock of the entry at key.
func (e *Engine) lock(ctx context.Context, key cache.Key) (unlock func(), err error) {
	release, err := e.Cache.Lock(ctx, key)
	if err != nil {
		return nil, &CacheError{Err: err}
	}
	return func() {
		if err := release(); err != nil {
			e.log(ctx, "releasing the lock of a cache entry failed", map[string]any{"error": err.Error()})
		}
	}, nil
}

func (e *Engine) prune(ctx context.Context) {
	if err := e.Cache.Prune(ctx); err != nil {
		e.log(ctx, "removing unused cache entries failed", map[string]any{"error": err.Error()})
	}
}

func (e *Engine) log(ctx context.Context, message string, fields map[string]any) {
	if e.Log != nil {
		e.Log(ctx, message, fields)
	}
}
