package engine

import (
	"context"
	"errors"

	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

// renew obtains a fresh token with the refresh token of the stored login or, if that login has ended, with the
// configured credential.
func (c *claimedSession) renew(ctx context.Context) (Login, error) {
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
		if err == nil { // the authorize URL had these, even if the configuration has changed since
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

// canReplace reports whether the configured grant may still work after the refresh token of the stored login was
// refused.
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

// ended returns the error for a login that cannot be renewed, because of err or, if err is nil, because there is
// nothing to send.
func (c *claimedSession) ended(err error) error {
	return &LoginEndedError{Grant: c.request.Grant.Type, Lost: c.current.lost, Private: c.request.Private, Err: err}
}

// send makes one token request and returns the login after the reply. An error is stored, and answers all others that
// would send the same request.
func (c *claimedSession) send(ctx context.Context, grant oauth.Grant, before Login) (Login, error) {
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
		return c.writeIntent(ctx, *intent)
	})
	failed, isFailed := errors.AsType[*oauth.TokenError](err)
	if isFailed && failed.MaybeProcessed() && grant.Type != oauth.PersonalAccessToken {
		c.current.lost = intent
	} else if intent != nil {
		c.recordAnswer(intent, c.current.lost)
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
		return Login{}, errOvertaken // another run may have replaced the refresh token that was refused
	}
	if storeErr != nil {
		c.engine.log(ctx, "storing the error of the token request failed", map[string]any{"error": storeErr.Error()})
		c.remember(c.current, false)
	}
	return Login{}, err
}

// recentFailure returns the error of a recent request that sent grant, or nil if there is none.
func (c *claimedSession) recentFailure(grant oauth.Grant) *oauth.TokenError {
	return c.current.recentFailure(fingerprint(c.request.Client, grant, c.engine.Endpoint.Budget()), c.first, c.engine.Now())
}

// writeIntent stores what is about to be sent, which proves that the answer can be stored. A personal access token
// skips this, because a lost answer costs it nothing.
func (c *claimedSession) writeIntent(ctx context.Context, intent Intent) error {
	isPersonal := intent.Grant == oauth.PersonalAccessToken
	if c.claim == nil || isPersonal && c.claim.IsExclusive() {
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
		// Another process may hold the claim by now. Nothing has been sent, so the intent must not look like a lost
		// answer.
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
