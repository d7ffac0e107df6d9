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

// read returns the login stored at key, nil where there is none that can be used.
func (e *Engine) read(ctx context.Context, key cache.Key, request Request) (*Login, []error, error) {
	if login, found := e.unsavedLogin(key); found {
		return &login, nil, nil
	}
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
	if err := e.save(ctx, key, request, fresh); err != nil {
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

func (e *Engine) save(ctx context.Context, key cache.Key, request Request, login Login) error {
	text, err := login.encode()
	if err == nil {
		err = e.Cache.Write(ctx, key, request.Client.Secret, text)
	}
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if err == nil {
		delete(e.unsaved, key)
		return nil
	}
	if e.unsaved == nil {
		e.unsaved = map[cache.Key]Login{}
	}
	e.unsaved[key] = login
	return err
}

// saveAgain tries to store what could not be stored before; usually there is nothing to do.
func (e *Engine) saveAgain(ctx context.Context, key cache.Key, request Request) []error {
	login, found := e.unsavedLogin(key)
	if !found {
		return nil
	}
	if err := e.save(ctx, key, request, login); err != nil {
		return []error{&NotStoredWarning{Grant: request.Grant.Type, Profile: request.Profile, Err: err}}
	}
	return nil
}

func (e *Engine) unsavedLogin(key cache.Key) (Login, bool) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	login, found := e.unsaved[key]
	return login, found
}
