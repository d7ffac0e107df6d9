package engine

import (
	"context"
	"errors"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// claimed is a session while nobody else writes its entry, for one request.
type claimed struct {
	*session
	claim   *cache.Claim // nil if the cache cannot be used, which noClaim says and only a personal access token survives
	noClaim error
	request Request
	first   entry        // what was stored when the request was made
	current entry        // what to go on with
	sent    secret.Value // the last refresh token that was sent, empty if none was
}

// errOvertaken says that another process has come between, so that the request has to begin again.
var errOvertaken = cache.ErrOvertaken

// obtain gets a token from the server, which renewed tells, unless there is a valid one by the time the entry is
// claimed. First is what the entry was before, began when the request was made. The error is [errOvertaken] if
// another process has come between.
func (s *session) obtain(ctx context.Context, request Request, first entry, began time.Time) (login *Login, renewed bool, warnings []Warning, err error) {
	leave, err := s.claiming.enter(ctx)
	if err != nil {
		return nil, false, nil, &CancelledError{Waiting: true, Err: err}
	}
	defer leave()
	if known := s.remembered(); known.login != nil && request.accepts(known.login, s.engine.Now()) { // another block has obtained it meanwhile
		login, warnings = s.saveAgain(ctx, request, known.login)
		return login, false, warnings, nil
	}
	c := &claimed{session: s, request: request, first: first}
	if err := c.take(ctx, began); err != nil {
		return nil, false, nil, err
	}
	if c.claim != nil {
		defer c.engine.end(ctx, c.claim)
	}
	if c.current, warnings, err = c.load(ctx, c.request, c.claim); err != nil {
		return nil, false, nil, err
	}
	if c.current.leadsTo != nil { // since it was read first
		return nil, false, nil, errOvertaken
	}
	if intent := c.current.intent; intent != nil { // and its process has no claim any more
		if c.current.intent = nil; intent.Grant != oauth.PersonalAccessToken {
			c.current.lost = intent
		}
	}
	if c.request.accepts(c.current.login, c.engine.Now()) {
		c.engine.log(ctx, "using the stored access token", map[string]any{"expires_at": c.current.login.ExpiresAt})
		return c.current.login, false, warnings, nil
	}
	fresh, err := c.renew(ctx)
	if err != nil {
		return nil, false, warnings, err
	}
	return &fresh, true, append(warnings, c.keep(ctx, fresh)...), nil
}

// take claims the entry. A process that keeps it is waited for as long as its last request can take.
func (c *claimed) take(ctx context.Context, began time.Time) error {
	if ctx.Err() != nil {
		return &CancelledError{Err: ctx.Err()}
	}
	isPersonal := c.request.Grant.Type == oauth.PersonalAccessToken
	if c.busy != nil && !c.busyAt.Before(began) { // another block has waited in vain meanwhile
		if c.noClaim = c.busy; !isPersonal {
			return c.busy
		}
		return nil
	}
	for {
		claim, err := c.engine.Cache.Claim(ctx, c.key)
		timeout, isTimeout := errors.AsType[*cache.ClaimTimeoutError](err)
		switch {
		case err == nil:
			c.claim = claim
			return nil
		case ctx.Err() != nil:
			return &CancelledError{Waiting: true, Err: ctx.Err()}
		case isTimeout:
			busy := &BusyError{Err: timeout}
			if found, _, err := c.stored(ctx, Request{}, nil); err == nil {
				busy.Intent = found.intent
			}
			if busy.Intent != nil && c.engine.Now().Before(busy.Intent.Until) {
				continue
			}
			c.busy, c.busyAt = busy, c.engine.Now()
			err = busy
		default:
			err = &CacheError{Err: err}
		}
		if isPersonal {
			c.noClaim, err = err, nil
		}
		return err
	}
}

// renew gets a fresh token: with the refresh token of the stored login, else, where that login has ended, with the
// configured credential.
func (c *claimed) renew(ctx context.Context) (Login, error) {
	grant, stored := c.request.Grant, c.current.login
	before := Login{SignedInAt: c.engine.Now().UTC()}
	if stored != nil {
		before = Login{SignedInAt: stored.SignedInAt, Generation: stored.Generation}
	}
	switch {
	case stored != nil && !stored.RefreshToken.IsEmpty():
		fresh, err := c.send(ctx, oauth.Grant{Type: oauth.RefreshToken, Credential: stored.RefreshToken}, *stored)
		if err == nil || !isEnded(err) {
			return fresh, err
		}
		if !canReplace(grant, *stored) {
			return Login{}, c.ended(err)
		}
		c.engine.log(ctx, "the stored refresh token has ended; using the configured credential", nil)
	case stored != nil && (grant.Type == "" || grant.Type == oauth.AuthorizationCode):
		return Login{}, c.ended(nil)
	case grant.Type == "":
		return Login{}, c.engine.noLogin(c.request.Profile, nil)
	case c.request.isOurs():
		signIn, err := c.engine.finishSignIn(ctx, c.request)
		if err != nil && c.current.lost == nil {
			return Login{}, err
		}
		if err == nil { // the authorize URL had these, whatever the configuration has by now
			grant.CodeVerifier, c.request.Client.RedirectURI = signIn.CodeVerifier, signIn.RedirectURI
		}
		before.AskedFor = &c.request.Profile
	}
	if grant.Type == oauth.AuthorizationCode && c.current.lost != nil {
		if known := c.recentFailure(grant); known != nil {
			return Login{}, known
		}
		return Login{}, &AnswerLostError{Lost: *c.current.lost}
	}
	fresh, err := c.send(ctx, grant, before)
	if isEnded(err) && c.current.lost != nil {
		return Login{}, c.ended(err)
	}
	return fresh, err
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

// ended describes a login that cannot go on, after err or, if that is nil, because nothing can be sent.
func (c *claimed) ended(err error) error {
	return &LoginEndedError{Grant: c.request.Grant.Type, Lost: c.current.lost, Private: c.request.Private, Err: err}
}

// send makes one token request and returns the login as it stands after the reply. How a request ends without a
// token is stored for everybody who would send the same.
func (c *claimed) send(ctx context.Context, grant oauth.Grant, before Login) (Login, error) {
	if known := c.recentFailure(grant); known != nil {
		return Login{}, known
	}
	if grant.Type == oauth.RefreshToken {
		c.sent = grant.Credential
	}
	budget := c.engine.Endpoint.Budget()
	var intent *Intent
	reply, err := c.engine.Endpoint.Token(ctx, c.request.Client, grant, func() error {
		intent = newIntent(grant.Type, c.engine.Now(), budget)
		c.engine.log(ctx, "requesting a token", map[string]any{"grant_type": string(grant.Type)})
		return c.intend(ctx, *intent)
	})
	failed, isFailed := errors.AsType[*oauth.TokenError](err)
	if isFailed && failed.MaybeProcessed() && grant.Type != oauth.PersonalAccessToken {
		c.current.lost = intent
	} else {
		c.settle(intent, c.current.lost)
	}
	if err == nil {
		return before.after(grant, reply, intent.At), nil
	}
	if !isFailed || intent == nil {
		return Login{}, err
	}
	if ctx.Err() == nil {
		c.current = c.current.withFailure(failure{Sending: fingerprint(c.request.Client, grant, budget), At: c.engine.Now(), Err: failed})
	}
	storeErr := c.store(ctx, c.current)
	if overtaken := errors.Is(storeErr, errOvertaken) || storeErr != nil && c.claim != nil && c.claim.Expired(); overtaken && isEnded(err) {
		return Login{}, errOvertaken // the refresh token that was refused may be the one that another run has replaced
	}
	if storeErr != nil {
		c.engine.log(ctx, "how the token request failed could not be stored", map[string]any{"error": storeErr.Error()})
		c.remember(c.current, false)
	}
	return Login{}, err
}

// recentFailure returns how sending grant has just failed, nil if it has not.
func (c *claimed) recentFailure(grant oauth.Grant) *oauth.TokenError {
	return c.current.recentFailure(fingerprint(c.request.Client, grant, c.engine.Endpoint.Budget()), c.first, c.engine.Now())
}

// intend stores what is about to be sent, which proves that the answer can be stored. A personal access token
// loses nothing with an answer.
func (c *claimed) intend(ctx context.Context, intent Intent) error {
	isPersonal := intent.Grant == oauth.PersonalAccessToken
	if c.claim == nil || isPersonal && c.claim.Excludes() {
		return nil
	}
	next := c.current
	next.intent = &intent
	text, err := next.encode()
	if err == nil {
		err = c.claim.WriteIntent(ctx, c.sealer, text)
	}
	switch {
	case err == nil && c.claim.Expired():
		// Others may have the claim by now. Nothing has been sent, so the intent must not look like a lost answer.
		if err := c.store(ctx, c.current); err != nil && !errors.Is(err, errOvertaken) {
			return &CacheError{Err: err}
		}
		return errOvertaken
	case errors.Is(err, errOvertaken):
		return errOvertaken
	case err != nil && isPersonal:
		c.claim, c.noClaim = nil, err
		return nil
	case err != nil:
		return &CacheError{Err: err}
	}
	c.remember(c.current, false) // the login of the entry is stored with the intent
	return nil
}

// keep stores fresh before anybody is handed it. A failure is a warning: the server has answered, so what it gave
// must reach the run.
func (c *claimed) keep(ctx context.Context, fresh Login) []Warning {
	kept := fresh
	if c.request.Private {
		kept = fresh.withAccessTokenOf(c.current.login)
	}
	if kept.AccessToken.IsEmpty() && c.request.Grant.Type == oauth.PersonalAccessToken {
		return nil
	}
	// A run that was cancelled meanwhile still stores what cannot be had again.
	ctx = context.WithoutCancel(ctx)
	if err := c.publish(ctx, kept); err != nil {
		return c.notStored(err)
	}
	if c.engine.Cache.Persistent() {
		// A configuration that is given one of these uses this login, and does not begin another one beside it. What
		// fails now is made up for by the renewal that sends the token.
		c.lead(ctx, c.sent)
		c.lead(ctx, kept.RefreshToken)
	} else if c.request.Grant.Type == oauth.RefreshToken && !kept.RefreshToken.Equal(c.sent) {
		return []Warning{ReplacedWarning{}}
	}
	return nil
}

// publish stores the login, or remembers that this could not be done. If another process has taken the claim for
// abandoned and written meanwhile, the newer login of the two stays.
func (c *claimed) publish(ctx context.Context, login Login) error {
	next := entry{login: &login}
	for {
		err := c.store(ctx, next)
		if err == nil {
			return nil
		}
		if !errors.Is(err, errOvertaken) {
			c.remember(next, true)
			return err
		}
		other, _, err := c.load(ctx, c.request, c.claim)
		if err != nil {
			c.remember(next, true)
			return err
		}
		if other.login != nil && other.login.Generation >= login.Generation {
			return nil
		}
		next.intent, next.failures = other.intent, other.failures
	}
}

// lead makes a refresh token lead to this session.
func (c *claimed) lead(ctx context.Context, refreshToken secret.Value) {
	key := c.engine.credentialKey(c.request.Client.ID, oauth.Grant{Type: oauth.RefreshToken, Credential: refreshToken})
	if refreshToken.IsEmpty() || key == c.key || c.request.Grant.Type == oauth.PersonalAccessToken {
		return
	}
	text, err := entry{leadsTo: &c.session.key}.encode()
	if err == nil {
		err = c.engine.Cache.Hint(ctx, key, c.sealer, text)
	}
	if err != nil {
		c.engine.log(ctx, "a refresh token does not lead to its login", map[string]any{"error": err.Error()})
	}
}

// saveAgain tries to store what could not be stored before; usually there is nothing to do. It waits for nobody, and
// returns the newest login that answers the request.
func (s *session) saveAgain(ctx context.Context, request Request, login *Login) (*Login, []Warning) {
	if !s.isUnsaved() {
		return login, nil
	}
	c := &claimed{session: s, request: request}
	ctx = context.WithoutCancel(ctx)
	claim, err := s.engine.Cache.TryClaim(ctx, s.key)
	if err == nil {
		defer s.engine.end(ctx, claim)
		c.claim = claim
		c.current, _, err = s.load(ctx, request, claim)
	}
	if err == nil && s.isUnsaved() {
		err = c.publish(ctx, *c.current.login)
	}
	if err != nil {
		return login, c.notStored(err)
	}
	if newest := s.remembered().login; request.accepts(newest, s.engine.Now()) {
		login = newest
	}
	return login, nil
}

func (c *claimed) notStored(err error) []Warning {
	if location, ok := errors.AsType[*cache.LocationError](err); ok && location.NoDefault {
		return nil // only a personal access token comes as far as this, and nobody has asked for a cache
	}
	return []Warning{NotStoredWarning{Grant: c.request.Grant.Type, Err: err}}
}

// store writes the entry.
func (c *claimed) store(ctx context.Context, next entry) error {
	if c.noClaim != nil {
		return c.noClaim
	}
	text, err := next.encode()
	if err != nil {
		return err
	}
	if err := c.claim.Write(context.WithoutCancel(ctx), c.sealer, text, next.worth()); err != nil {
		return err
	}
	c.remember(next, false)
	return nil
}
