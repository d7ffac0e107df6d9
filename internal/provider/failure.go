package provider

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

// failure puts err into words and points at the argument at fault. What may work the next time is "plan again": a run
// that fails here has used up its saved plan.
func (t tokenRequest) failure(err error) diag.Diagnostic {
	var (
		noCredential  *engine.NoCredentialError
		noLogin       *engine.NoLoginError
		ended         *engine.LoginEndedError
		lost          *engine.AnswerLostError
		cancelled     *engine.CancelledError
		busy          *engine.BusyError
		cacheRequired *engine.CacheRequiredError
		cacheFailed   *engine.CacheError
		failed        *oauth.TokenError
	)
	if failure := t.signInFailure(err); failure != nil {
		return failure
	}
	switch {
	case errors.As(err, &noCredential) && t.byProvider:
		return diag.NewErrorDiagnostic("No credential of the provider",
			"goto_me has no profile, and the provider has neither a profile nor a credential. If you have signed in with a goto_access_token that has a profile, do not sign in again: "+
				"give goto_me or the provider the same profile ("+variable("profile")+"). Otherwise give the provider a personal_access_token or a refresh_token ("+
				variable("personal_access_token")+", "+variable("refresh_token")+"), or sign in under a profile.\n\n"+t.signIn())
	case errors.As(err, &noCredential):
		return diag.NewErrorDiagnostic("No credential",
			"There is nothing to get a token with: give one of callback_url, code, refresh_token or personal_access_token, "+
				"name a stored login with profile, or give the provider a refresh_token or personal_access_token ("+
				variable("refresh_token")+", "+variable("personal_access_token")+").\n\n"+t.signIn())
	case errors.As(err, &noLogin):
		return t.noLogin(noLogin)
	case errors.As(err, &ended):
		return t.loginEnded(ended)
	case errors.As(err, &lost):
		return t.errorAt(t.grantArgument, "The answer to this code was lost",
			"The code was sent to GoTo before ("+lost.Lost.String()+"), and its answer was lost: that run was killed or cut off, or the answer could not be stored. "+
				"GoTo has probably used the code up, so it is not sent again: showing a code twice can revoke what it brought."+t.signedInSince()+"\n\n"+t.signIn())
	case errors.As(err, &cancelled):
		if cancelled.SigningIn {
			return diag.NewErrorDiagnostic("Cancelled", "The run was cancelled while it waited for a person to sign in. Nothing was sent.")
		}
		if cancelled.Waiting {
			return diag.NewErrorDiagnostic("Cancelled", "The run was cancelled while it waited for another run, or another block, that is getting a token with the same login. This run has sent nothing, and no credential is used up.")
		}
		return diag.NewErrorDiagnostic("Cancelled", "The run was cancelled before it asked GoTo for a token. Nothing was sent, and no credential is used up.")
	case errors.As(err, &busy):
		return diag.NewErrorDiagnostic("Login in use", t.busy(busy))
	case errors.As(err, &cacheRequired):
		return t.cacheRequired(cacheRequired)
	case errors.As(err, &cacheFailed):
		return diag.NewErrorDiagnostic("Token cache unusable",
			"Nothing was sent, and no credential is used up. "+capitalized(cacheFailed.Error())+".")
	case errors.As(err, &failed):
		return t.requestFailed(failed)
	}
	return diag.NewErrorDiagnostic("No token", capitalized(err.Error())+". This is a bug in the provider, please report it.")
}

func (t tokenRequest) noLogin(none *engine.NoLoginError) diag.Diagnostic {
	if none.Found != nil && none.Found.NeedsAnotherSealer() {
		return t.anotherSecret(fmt.Sprintf("A login is stored under the profile %q", none.Profile), none.Found)
	}
	sentences := []string{fmt.Sprintf("No login is stored under the profile %q for this OAuth client in the token cache %s.", none.Profile, none.Location)}
	if none.Found != nil {
		sentences = append(sentences, capitalized(none.Found.Error())+".")
	}
	sentences = append(sentences, fmt.Sprintf("If somebody has signed in already, compare token_cache (%s), client_id and authentication_url with that run.", variable("token_cache")))
	return diag.NewAttributeErrorDiagnostic(path.Root("profile"), "No stored login", strings.Join(append(sentences, t.silenced...), " ")+"\n\n"+t.signIn())
}

func (t tokenRequest) loginEnded(ended *engine.LoginEndedError) diag.Diagnostic {
	reason := "The access token has ended, and GoTo gave no refresh token with it."
	var refused *oauth.TokenError
	switch {
	case ended.NeedsChange():
		reason = "GoTo gave no refresh token with its access token, and revoke_on_close does not keep access tokens: leave revoke_on_close out for this OAuth client."
	case errors.As(ended.Err, &refused) && ended.Lost != nil:
		reason = "GoTo no longer accepts its refresh token: " + refused.Error() + ". The answer to the last token request was lost (" + ended.Lost.String() +
			"): that run was killed or cut off, or the answer could not be stored. GoTo has probably replaced the refresh token in it."
	case errors.As(ended.Err, &refused):
		reason = "GoTo no longer accepts its refresh token: " + refused.Error() + ". Such a token lasts 30 days, GoTo replaces it from day 18 on when it is used, and it ends earlier if the person logs out, the OAuth client changes or somebody revokes it."
	case ended.Err != nil:
		reason = "The stored login cannot be used: " + ended.Err.Error() + "."
	}
	switch ended.Grant {
	case oauth.AuthorizationCode:
		if unreadable, ok := errors.AsType[*cache.UnreadableError](ended.Err); ok && unreadable.NeedsAnotherSealer() {
			return t.anotherSecret("What this code brought is stored", unreadable)
		}
		return t.errorAt(t.grantArgument, "The login of this code has ended",
			"The code was exchanged before and cannot be used again. "+reason+t.signedInSince()+"\n\n"+t.signIn())
	case oauth.RefreshToken, oauth.PersonalAccessToken:
		either := " The one " + t.grantSource(ended.Grant) + " is not accepted either."
		if ended.Lost != nil {
			either = "" // it may be the one that was replaced
		}
		return t.errorAt(t.grantArgument, "The login of this credential has ended",
			reason+either+" Give a new one, or sign in again.\n\n"+t.signIn())
	}
	return t.errorAt("profile", "The stored login has ended",
		fmt.Sprintf("The login stored under the profile %q cannot be continued. %s\n\n%s", t.Profile, reason, t.signIn()))
}

// anotherSecret says that the client secret may be mistyped, before it says how to sign in. What is a clause about what
// was found.
func (t tokenRequest) anotherSecret(what string, found *cache.UnreadableError) diag.Diagnostic {
	return t.errorAt("client_secret", "Login stored with another client secret",
		fmt.Sprintf("%s, but with another client secret than the one given now (%s). Nothing was sent. Compare client_secret (%s): with the earlier secret, the login is back. "+
			"If the secret was changed on purpose, sign in again.\n\n%s", what, found.Path, variable("client_secret"), t.signIn()))
}

// signedInSince says that a code may simply be left over.
func (t tokenRequest) signedInSince() string {
	if t.Profile == "" {
		return ""
	}
	return fmt.Sprintf(" If the profile %q has been signed in again since, just remove %s.", t.Profile, t.grantArgument)
}

// busy says which process keeps the login from being used.
func (t tokenRequest) busy(busy *engine.BusyError) string {
	text := "Another process has worked with this login for longer than its requests to GoTo can take. Nothing was sent. "
	if busy.Intent != nil {
		text += "It is " + busy.Intent.String() + ", when it sent a token request. "
	}
	return text + "It is stopped or hangs: end it, and plan again. " + capitalized(busy.Error()) + "."
}

func (t tokenRequest) cacheRequired(required *engine.CacheRequiredError) diag.Diagnostic {
	argument, reason := "profile", "A profile names a login that is kept in the token cache."
	if required.Grant != "" {
		argument = t.grantArgument
		reason = "An authorization code needs the token cache: it can be exchanged once, and Terraform opens this resource twice per apply, in different processes."
	}
	return t.errorAt(argument, "Token cache is off",
		reason+" Nothing was sent. Leave out token_cache = \"off\" ("+variable("token_cache")+"), or use a personal_access_token or a refresh_token instead.")
}

// requestFailed puts a failed token request into words.
func (t tokenRequest) requestFailed(failed *oauth.TokenError) diag.Diagnostic {
	what := fmt.Sprintf("Getting a token with the %s %s failed. %s.", grantNames[failed.Grant], t.grantSource(failed.Grant), failed.Error())
	switch failed.Outcome {
	case oauth.NotSent:
		return diag.NewErrorDiagnostic("GoTo cannot be reached",
			what+"\n\nNothing was sent"+t.still(failed)+". Check the network, the proxy (HTTPS_PROXY, NO_PROXY) and authentication_url, then plan again.")
	case oauth.Interrupted:
		return t.errorAt(t.grantArgument, "No answer from GoTo", what+"\n\n"+t.ambiguous(failed))
	case oauth.Unavailable:
		if failed.MaybeProcessed() && failed.Grant == oauth.AuthorizationCode {
			return t.errorAt(t.grantArgument, "GoTo cannot answer now", what+"\n\n"+t.ambiguous(failed))
		}
		remedy := "Plan again later"
		if failed.RetryAfter > 0 {
			wait := "GoTo asks to wait " + left(failed.RetryAfter) + ". "
			if failed.Grant == oauth.AuthorizationCode && failed.RetryAfter > 10*time.Minute {
				return t.errorAt(t.grantArgument, "GoTo cannot answer now",
					what+"\n\n"+wait+"By then the code, which is good for 10 minutes, has ended: sign in again then. "+t.signIn())
			}
			remedy = wait + "Plan again then"
		}
		return diag.NewErrorDiagnostic("GoTo cannot answer now", what+"\n\n"+remedy+t.still(failed)+".")
	case oauth.Unusable:
		return t.errorAt(t.grantArgument, "GoTo's answer cannot be used",
			what+"\n\nCheck that authentication_url is GoTo's and that no proxy on the way answers in its place. "+t.ambiguous(failed))
	case oauth.Refused:
	}
	return t.refused(failed, what)
}

// still says what a request that was not processed leaves intact.
func (t tokenRequest) still(failed *oauth.TokenError) string {
	if failed.Grant == oauth.AuthorizationCode {
		return "; the code is still good, for 10 minutes from when it was issued"
	}
	return ""
}

// ambiguous says what to do when the server may or may not have processed the request.
func (t tokenRequest) ambiguous(failed *oauth.TokenError) string {
	switch failed.Grant {
	case oauth.AuthorizationCode:
		return "The code may have been used up. It is not sent again, because showing a code twice can revoke what it brought. " + t.signIn()
	case oauth.RefreshToken:
		return "Plan again. If GoTo then refuses the refresh token, it has replaced it in the answer that was lost, and somebody has to sign in again."
	case oauth.PersonalAccessToken:
	}
	return "Plan again; nothing is used up."
}

// refused puts GoTo's own no into words, decided on the error code and never on the status alone.
func (t tokenRequest) refused(failed *oauth.TokenError, what string) diag.Diagnostic {
	reason := strings.ToLower(failed.Reason)
	switch {
	case failed.Code == oauth.UnauthorizedClient || strings.Contains(reason, "grant type"):
		return t.errorAt(t.grantArgument, "Grant type not enabled",
			what+fmt.Sprintf("\n\nThe OAuth client %q may not use this grant. Switch on %q under \"Grant types\" on the client's page at %s.", t.Client.ID, grantTypes[failed.Grant], clientsPage))
	case failed.Code == oauth.InvalidClient && strings.Contains(reason, "not found"):
		return t.errorAt("client_id", "Unknown OAuth client",
			what+fmt.Sprintf("\n\nGoTo knows no OAuth client %q. Compare client_id (%s) with the client's page at %s.", t.Client.ID, variable("client_id"), clientsPage))
	case failed.Code == oauth.InvalidClient:
		return t.errorAt("client_secret", "Wrong client secret",
			what+fmt.Sprintf("\n\nThe client secret does not belong to the OAuth client %q. Copy it again, whole and unencoded, to client_secret (%s); if it is lost, see whether the client's page offers a new one, else create a new OAuth client: %s", t.Client.ID, variable("client_secret"), clientsPage))
	case failed.Code != oauth.InvalidGrant:
		return t.errorAt(t.grantArgument, "GoTo refused the request",
			what+"\n\nCheck authentication_url ("+t.server.String()+"), the OAuth client and the credential.")
	}
	switch failed.Grant {
	case oauth.AuthorizationCode:
		redirect := "none was sent"
		if t.Client.RedirectURI != "" {
			redirect = "sent: " + t.Client.RedirectURI
		}
		return t.errorAt(t.grantArgument, "Code not accepted",
			what+"\n\nA code works once and for 10 minutes: it may have been exchanged already, for instance on another machine, or it was not copied whole. "+
				"It must also belong to this OAuth client, and redirect_uri must be exactly the one in the authorize URL ("+redirect+").\n\n"+t.signIn())
	case oauth.RefreshToken:
		return t.errorAt(t.grantArgument, "Refresh token not accepted",
			what+"\n\nIt has ended (30 days after it was issued, by a log-out, a change of the OAuth client or a revocation), was replaced by a newer one elsewhere, or belongs to another OAuth client. "+
				"Give the current refresh token, or sign in again. "+t.signIn())
	case oauth.PersonalAccessToken:
	}
	return t.errorAt(t.grantArgument, "Personal access token not accepted",
		what+"\n\nIt was revoked, has ended, is not copied whole, or its scopes are not those of the OAuth client. Create a new one in your GoTo account and give it as personal_access_token.")
}

var (
	// grantNames are the grants in words.
	grantNames = map[oauth.GrantType]string{
		oauth.AuthorizationCode:   "authorization code",
		oauth.RefreshToken:        "refresh token",
		oauth.PersonalAccessToken: "personal access token",
	}
	// grantTypes are the names on GoTo's client page (GoTo guide "Create an OAuth client").
	grantTypes = map[oauth.GrantType]string{
		oauth.AuthorizationCode:   "Authorization Code",
		oauth.RefreshToken:        "Refresh Token",
		oauth.PersonalAccessToken: "Personal Access Token",
	}
)
