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
	"github.com/terraform-goto/terraform-provider-goto/internal/redact"
)

// failure turns err into a diagnostic that points at the argument at fault. Messages say "plan again", because a run
// that fails here has used up its saved plan.
func (t tokenRequest) failure(err error) diag.Diagnostic {
	var (
		noCredential  *engine.NoCredentialError
		noLogin       *engine.NoLoginError
		ended         *engine.LoginEndedError
		lost          *engine.AnswerLostError
		canceled      *engine.CanceledError
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
		return diag.NewErrorDiagnostic("Provider has no credential",
			"goto_me has no profile, and the provider has neither a profile nor a credential. If you have signed in through a goto_access_token with a profile, do not sign in again: "+
				"set the same profile in goto_me or in the provider configuration ("+variable("profile")+"). Otherwise, set a personal_access_token or a refresh_token in the provider configuration ("+
				variable("personal_access_token")+", "+variable("refresh_token")+"), or sign in under a profile.\n\n"+t.signIn())
	case errors.As(err, &noCredential):
		return diag.NewErrorDiagnostic("No credential",
			"There is no credential to obtain a token with. Set one of callback_url, code, refresh_token or personal_access_token, "+
				"name a stored login with profile, or set a refresh_token or personal_access_token in the provider configuration ("+
				variable("refresh_token")+", "+variable("personal_access_token")+").\n\n"+t.signIn())
	case errors.As(err, &noLogin):
		return t.noLogin(noLogin)
	case errors.As(err, &ended):
		return t.loginEnded(ended)
	case errors.As(err, &lost):
		return t.errorAt(t.grantArgument, "The answer to this code was lost",
			"An earlier run sent this code to GoTo ("+lost.Lost.String()+"), but the answer was lost: that run was killed or disconnected, or it could not store the answer. "+
				"The code is probably used up. The provider does not send it again, because that can revoke its login."+t.signedInSince()+"\n\n"+t.signIn())
	case errors.As(err, &canceled):
		if canceled.SigningIn {
			return diag.NewErrorDiagnostic("Canceled", "The run was canceled while it waited for a person to sign in. Nothing was sent.")
		}
		if canceled.Waiting {
			return diag.NewErrorDiagnostic("Canceled", "The run was canceled while it waited for another run or block to obtain a token with the same login. This run sent nothing, and no credential is used up.")
		}
		return diag.NewErrorDiagnostic("Canceled", "The run was canceled before it asked GoTo for a token. Nothing was sent, and no credential is used up.")
	case errors.As(err, &busy):
		return diag.NewErrorDiagnostic("Login in use", t.busy(busy))
	case errors.As(err, &cacheRequired):
		return t.cacheRequired(cacheRequired)
	case errors.As(err, &cacheFailed):
		return diag.NewErrorDiagnostic("Token cache unusable",
			"Nothing was sent, and no credential is used up. "+redact.Capitalized(cacheFailed.Error())+".")
	case errors.As(err, &failed):
		return t.requestFailed(failed)
	}
	return diag.NewErrorDiagnostic("No token", redact.Capitalized(err.Error())+". This is a bug in the provider; please report it.")
}

func (t tokenRequest) noLogin(none *engine.NoLoginError) diag.Diagnostic {
	if none.Found != nil && none.Found.NeedsAnotherSealer() {
		return t.anotherSecret(fmt.Sprintf("A login is stored under the profile %q", none.Profile), none.Found)
	}
	sentences := []string{fmt.Sprintf("No login is stored under the profile %q for this OAuth client in the token cache %s.", none.Profile, none.Location)}
	if none.Found != nil {
		sentences = append(sentences, redact.Capitalized(none.Found.Error())+".")
	}
	sentences = append(sentences, fmt.Sprintf("If someone has signed in already, compare the profile's name, token_cache (%s), client_id and authentication_url with those of that run.", variable("token_cache")))
	return diag.NewAttributeErrorDiagnostic(path.Root("profile"), "No stored login", strings.Join(append(sentences, t.ignored...), " ")+"\n\n"+t.signIn())
}

func (t tokenRequest) loginEnded(ended *engine.LoginEndedError) diag.Diagnostic {
	reason := "The access token has expired, and GoTo issued no refresh token with it."
	var refused *oauth.TokenError
	switch {
	case ended.NeedsChange():
		reason = "GoTo issued no refresh token with the access token, and revoke_on_close does not keep access tokens. Remove revoke_on_close for this OAuth client."
	case errors.As(ended.Err, &refused) && ended.Lost != nil:
		reason = "GoTo no longer accepts its refresh token: " + refused.Error() + ". The answer to the last token request was lost (" + ended.Lost.String() +
			"): that run was killed or disconnected, or it could not store the answer. GoTo has probably replaced the refresh token in that answer."
	case errors.As(ended.Err, &refused):
		reason = "GoTo no longer accepts its refresh token: " + refused.Error() + ". A refresh token lasts 30 days, and GoTo replaces it when it is used after day 18. It may end earlier, for example if the person logs out, the OAuth client changes or someone revokes it."
	case ended.Err != nil:
		reason = "The stored login cannot be used: " + ended.Err.Error() + "."
	}
	switch ended.Grant {
	case oauth.AuthorizationCode:
		if unreadable, ok := errors.AsType[*cache.UnreadableError](ended.Err); ok && unreadable.NeedsAnotherSealer() {
			return t.anotherSecret("The login of this code is stored", unreadable)
		}
		return t.errorAt(t.grantArgument, "The login of this code has ended",
			"The code has already been exchanged and cannot be used again. "+reason+t.signedInSince()+"\n\n"+t.signIn())
	case oauth.RefreshToken, oauth.PersonalAccessToken:
		either := " The one " + t.grantSource(ended.Grant) + " is not accepted either."
		if ended.Lost != nil {
			either = "" // it may be the one that was replaced
		}
		return t.errorAt(t.grantArgument, "The login of this credential has ended",
			reason+either+" Set a new one, or sign in again.\n\n"+t.signIn())
	}
	return t.errorAt("profile", "The stored login has ended",
		fmt.Sprintf("The login stored under the profile %q cannot be renewed. %s\n\n%s", t.Profile, reason, t.signIn()))
}

// anotherSecret suggests a mistyped client secret before it says how to sign in. The clause what describes the login.
func (t tokenRequest) anotherSecret(what string, found *cache.UnreadableError) diag.Diagnostic {
	return t.errorAt("client_secret", "Login stored with another client secret",
		fmt.Sprintf("%s (%s), but with a different client secret. Nothing was sent. Compare client_secret (%s): with the earlier secret, the login works again. "+
			"If the secret was changed on purpose, sign in again.\n\n%s", what, found.Path, variable("client_secret"), t.signIn()))
}

// signedInSince returns a sentence for a code that may be left over from an earlier sign-in.
func (t tokenRequest) signedInSince() string {
	if t.Profile == "" {
		return ""
	}
	return fmt.Sprintf(" If someone has signed in under the profile %q since then, just remove %s.", t.Profile, t.grantArgument)
}

// busy describes the process that blocks the login.
func (t tokenRequest) busy(busy *engine.BusyError) string {
	text := "Another process has held this login for longer than its requests to GoTo can take, so that process is stopped or hung. Nothing was sent. "
	if busy.Intent != nil {
		text += "Its last token request came from " + busy.Intent.String() + ". "
	}
	return text + "End that process, and plan again. " + redact.Capitalized(busy.Error()) + "."
}

func (t tokenRequest) cacheRequired(required *engine.CacheRequiredError) diag.Diagnostic {
	argument, reason := "profile", "A profile names a login that is stored in the token cache."
	if required.Grant != "" {
		argument = t.grantArgument
		reason = "An authorization code needs the token cache, because it can be exchanged only once and Terraform opens this resource twice per apply, in different processes."
	}
	return t.errorAt(argument, "Token cache is off",
		reason+" Nothing was sent. Remove token_cache = \"off\" ("+variable("token_cache")+"), or use a personal_access_token or a refresh_token instead.")
}

// requestFailed turns a failed token request into a diagnostic.
func (t tokenRequest) requestFailed(failed *oauth.TokenError) diag.Diagnostic {
	what := fmt.Sprintf("Getting a token with the %s %s failed. %s.", grantNames[failed.Grant], t.grantSource(failed.Grant), failed.Error())
	switch failed.Outcome {
	case oauth.NotSent:
		return diag.NewErrorDiagnostic("GoTo cannot be reached",
			what+"\n\nNothing was sent"+t.codeStillValid(failed)+". Check the network, the proxy (HTTPS_PROXY, NO_PROXY) and authentication_url, then plan again.")
	case oauth.Interrupted:
		return t.errorAt(t.grantArgument, "No answer from GoTo", what+"\n\n"+t.ambiguous(failed))
	case oauth.Unavailable:
		if failed.MaybeProcessed() && failed.Grant == oauth.AuthorizationCode {
			return t.errorAt(t.grantArgument, "GoTo is unavailable", what+"\n\n"+t.ambiguous(failed))
		}
		remedy := "Plan again later"
		if failed.RetryAfter > 0 {
			wait := "GoTo asks you to wait " + formatDuration(failed.RetryAfter) + ". "
			if failed.Grant == oauth.AuthorizationCode && failed.RetryAfter > 10*time.Minute {
				return t.errorAt(t.grantArgument, "GoTo is unavailable",
					what+"\n\n"+wait+"By then the code will have expired, so sign in again after that time. "+t.signIn())
			}
			remedy = wait + "Plan again then"
		}
		return diag.NewErrorDiagnostic("GoTo is unavailable", what+"\n\n"+remedy+t.codeStillValid(failed)+".")
	case oauth.Unusable:
		return t.errorAt(t.grantArgument, "Unusable answer from GoTo",
			what+"\n\nCheck that authentication_url is GoTo's, and that no proxy answers in GoTo's place. "+t.ambiguous(failed))
	case oauth.Refused:
	}
	return t.refused(failed, what)
}

// codeStillValid returns a clause that says how long a code stays valid, because a request that was not processed does
// not use it up.
func (t tokenRequest) codeStillValid(failed *oauth.TokenError) string {
	if failed.Grant == oauth.AuthorizationCode {
		return "; the code stays valid until 10 minutes after it was issued"
	}
	return ""
}

// ambiguous says what to do when the server may or may not have processed the request.
func (t tokenRequest) ambiguous(failed *oauth.TokenError) string {
	switch failed.Grant {
	case oauth.AuthorizationCode:
		return "The code may have been used up. The provider does not send it again, because that can revoke its login. " + t.signIn()
	case oauth.RefreshToken:
		return "Plan again. If GoTo then refuses the refresh token, the lost answer contained a new one, and someone has to sign in again."
	case oauth.PersonalAccessToken:
	}
	return "Plan again; nothing is used up."
}

// refused explains a refusal by GoTo. It decides by the error code, and never by the status alone.
func (t tokenRequest) refused(failed *oauth.TokenError, what string) diag.Diagnostic {
	reason := strings.ToLower(failed.Reason)
	switch {
	case failed.Code == oauth.UnauthorizedClient || strings.Contains(reason, "grant type"):
		return t.errorAt(t.grantArgument, "Grant type not enabled",
			what+fmt.Sprintf("\n\nThe OAuth client %q may not use this grant type. Turn on %q under \"Grant types\" on the client's page at %s.", t.Client.ID, grantTypes[failed.Grant], clientsPage))
	case failed.Code == oauth.InvalidClient && strings.Contains(reason, "not found"):
		return t.errorAt("client_id", "Unknown OAuth client",
			what+fmt.Sprintf("\n\nGoTo does not know the OAuth client %q. Compare client_id (%s) with the client's page at %s.", t.Client.ID, variable("client_id"), clientsPage))
	case failed.Code == oauth.InvalidClient:
		callback := ""
		if failed.Grant == oauth.AuthorizationCode && t.grantArgument == "callback_url" && t.State != "" { // the pending sign-in is encrypted with the wrong secret
			callback = " Then remove callback_url and plan again. The next message shows a new address for signing in."
		}
		return t.errorAt("client_secret", "Wrong client secret",
			what+fmt.Sprintf("\n\nThe client secret does not belong to the OAuth client %q. Copy it again, complete and unencoded, to client_secret (%s).%s If you no longer have it, check whether the client's page at %s offers a new one. Otherwise, create a new OAuth client.", t.Client.ID, variable("client_secret"), callback, clientsPage))
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
		cut := ""
		if t.grantArgument == "callback_url" && t.State == "" {
			cut = "The address has no state=. If the address that you opened has one, the shell cut the pasted address off at its first &. Put it in single quotes. "
		}
		return t.errorAt(t.grantArgument, "Code not accepted",
			what+"\n\n"+cut+"A code works only once, and only for 10 minutes. It may have been exchanged already, for example on another machine, or copied only in part. "+
				"The code must also belong to this OAuth client, and redirect_uri must be exactly the one in the authorize URL ("+redirect+").\n\n"+t.signIn())
	case oauth.RefreshToken:
		return t.errorAt(t.grantArgument, "Refresh token not accepted",
			what+"\n\nThe refresh token has ended (after 30 days, or because of a logout, a change of the OAuth client or a revocation), was replaced by a newer one elsewhere, or belongs to another OAuth client. "+
				"Set the current refresh token, or sign in again. "+t.signIn())
	case oauth.PersonalAccessToken:
	}
	return t.errorAt(t.grantArgument, "Personal access token not accepted",
		what+"\n\nThe token was revoked, has expired, was copied only in part, or has scopes that the OAuth client lacks. Create a new one in your GoTo account, and set personal_access_token to it.")
}

var (
	// grantNames are the names of the grants in messages.
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
