package engine

import (
	"context"
	"errors"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// claimedSession is a session whose entry this process has claimed, for one request.
type claimedSession struct {
	*session
	claim   *cache.Claim // nil if the cache cannot be used, see noClaim; only a personal access token works without
	noClaim error
	request Request
	first   entry        // what was stored when the request began
	current entry        // what the next step builds on
	sent    secret.Value // the last refresh token that was sent, empty if none was
}

// errOvertaken says that another process has written the entry, so that the request has to start over.
var errOvertaken = cache.ErrOvertaken

// obtain claims the entry, and returns the stored login if its token is valid by then. Otherwise it obtains a token
// from the server, and renewed is true. First is the entry as it was when the request began, at began. The error is
// [errOvertaken] if another process has written the entry.
func (s *session) obtain(ctx context.Context, request Request, first entry, began time.Time) (login *Login, renewed bool, warnings []Warning, err error) {
	unlock, err := s.claimMutex.lock(ctx)
	if err != nil {
		return nil, false, nil, &CanceledError{Waiting: true, Err: err}
	}
	defer unlock()
	if known := s.remembered(); known.login != nil && request.accepts(known.login, s.engine.Now()) { // another block has obtained it in the meantime
		login, warnings = s.saveAgain(ctx, request, known.login)
		return login, false, warnings, nil
	}
	c := &claimedSession{session: s, request: request, first: first}
	if err := c.take(ctx, began); err != nil {
		return nil, false, nil, err
	}
	if c.claim != nil {
		defer c.engine.end(ctx, c.claim)
	}
	if c.current, warnings, err = c.load(ctx, c.request, c.claim); err != nil {
		return nil, false, nil, err
	}
	if c.current.leadsTo != nil { // since it was first read
		return nil, false, nil, errOvertaken
	}
	if intent := c.current.intent; intent != nil { // and its process no longer holds the claim
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

// take claims the entry. It waits for a process that holds it for as long as that process's last request can take.
func (c *claimedSession) take(ctx context.Context, began time.Time) error {
	if ctx.Err() != nil {
		return &CanceledError{Err: ctx.Err()}
	}
	isPersonal := c.request.Grant.Type == oauth.PersonalAccessToken
	if c.busy != nil && !c.busyAt.Before(began) { // another block has just waited without success
		if c.noClaim = c.busy; !isPersonal {
			return c.busy
		}
		return nil
	}
	claimEntry := c.engine.Cache.ClaimUnlessWritten
	if c.request.Private { // another process's token does not answer it
		claimEntry = c.engine.Cache.Claim
	}
	for {
		claim, err := claimEntry(ctx, c.key)
		timeout, isTimeout := errors.AsType[*cache.ClaimTimeoutError](err)
		switch {
		case err == nil:
			c.claim = claim
			return nil
		case errors.Is(err, errOvertaken):
			return errOvertaken
		case ctx.Err() != nil:
			return &CanceledError{Waiting: true, Err: ctx.Err()}
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
