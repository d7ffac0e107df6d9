package engine

import (
	"context"
	"errors"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

// credentialKey names the entry of whoever presents grant: it depends on nothing but the
// authorization server, the client and the credential itself.
func (e *Engine) credentialKey(client oauth.Client, grant oauth.Grant) cache.Key {
	return cache.NewKey("credential", e.Endpoint.Server.String(), client.ID, string(grant.Type), grant.Credential.Reveal())
}

// read returns the login to go on with at key, nil where there is none that can be used: the one that is
// stored, or the one that could not be, as long as no other process has stored another since.
func (e *Engine) read(ctx context.Context, key cache.Key, request Request) (*Login, []error, error) {
	stored, warnings, err := e.readStored(ctx, key, request)
	kept, found := e.unsavedLogin(key, request)
	switch {
	case !found:
		return stored, warnings, err
	case stored == nil || stored.hasTokensOf(kept.before):
		return &kept.login, nil, nil
	}
	e.forgetUnsaved(key, request)
	return stored, warnings, err
}

// readStored returns the login stored at key, nil where there is none that can be used.
func (e *Engine) readStored(ctx context.Context, key cache.Key, request Request) (*Login, []error, error) {
	text, err := e.Cache.Read(ctx, key, request.Client.Secret)
	if errors.Is(err, cache.ErrNotFound) {
		return nil, nil, nil
	}
	if err == nil {
		var login Login
		if login, err = decodeLogin(text); err == nil {
			return &login, nil, nil
		}
		err = &cache.UnreadableError{Path: key.String(), Reason: err.Error()}
	}
	var unreadable *cache.UnreadableError
	if !errors.As(err, &unreadable) {
		return nil, nil, &CacheError{Err: err}
	}
	if request.Grant.Type == oauth.AuthorizationCode {
		// The entry is there because the code was exchanged. Showing the code again brings nothing
		// and may revoke a login that another client secret still opens (RFC 6749 section 4.1.2).
		return nil, nil, &LoginEndedError{Profile: request.Profile, Grant: request.Grant.Type, Err: unreadable}
	}
	return nil, []error{&UnreadableWarning{Err: unreadable}}, nil
}

// write stores fresh at key before anybody is handed it. A failure is a warning: the server has
// answered, so what it gave must reach the run.
func (e *Engine) write(ctx context.Context, key cache.Key, request Request, fresh Login, before *Login) []error {
	// A run that was cancelled meanwhile still stores what cannot be had again.
	ctx = context.WithoutCancel(ctx)
	if fresh.AccessToken.IsEmpty() && fresh.RefreshToken.IsEmpty() {
		return nil // a private token of a personal access token: there is nothing to keep
	}
	if err := e.save(ctx, key, request, fresh, before); err != nil {
		return []error{&NotStoredWarning{Grant: request.Grant.Type, Profile: request.Profile, Err: err}}
	}
	if !e.Cache.Persistent() && replaced(request.Grant, before, fresh) {
		return []error{&ReplacedWarning{}}
	}
	return nil
}

// replaced tells whether the refresh token to use next is another than the one that was known.
func replaced(grant oauth.Grant, before *Login, fresh Login) bool {
	if grant.Type != oauth.RefreshToken {
		return false
	}
	known := grant.Credential
	if before != nil {
		known = before.RefreshToken
	}
	return !fresh.RefreshToken.Equal(known)
}
