package standin

import (
	"cmp"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// CodeRequest describes the code for [Server.IssueCode]. An empty field means the default.
type CodeRequest struct {
	ClientID string
	// RedirectURI is the redirect URI of the authorize call. It must be registered.
	RedirectURI string
	Scope       string
	// CodeChallenge is a PKCE challenge of method S256 (RFC 7636 section 4.2); none by default.
	CodeChallenge string
	Principal     string
}

// IssueCode returns a new authorization code, as if the person had pressed Allow. It panics if the authorize call would
// have been refused, because then the test is wrong.
func (s *Server) IssueCode(of CodeRequest) string {
	query := url.Values{
		"response_type": {"code"},
		"client_id":     {cmp.Or(of.ClientID, s.clients[0].id)},
		"redirect_uri":  {cmp.Or(of.RedirectURI, s.redirectURIs()[0])},
	}
	if of.Scope != "" {
		query.Set("scope", of.Scope)
	}
	if of.CodeChallenge != "" {
		query.Set("code_challenge", of.CodeChallenge)
		query.Set("code_challenge_method", "S256")
	}
	request, refused := s.readAuthorization(query)
	if refused != nil {
		panic("standin: no code for this request: " + refused.description)
	}
	return s.allow(request, of.Principal)
}

// authorization is an authorization request (RFC 6749 section 4.1.1).
type authorization struct {
	clientID    string
	target      string // Where the answer goes; empty if no redirect URI can be trusted.
	redirectURI string // As sent; empty if none was sent.
	scope       string
	state       string
	challenge   string
}

// RFC 7636 section 4.2: base64url of a SHA-256 without padding.
var s256 = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// readAuthorization checks an authorization request. A refusal goes to the request's target if
// there is one, and is shown to the person if not (RFC 6749 section 4.1.2.1).
func (s *Server) readAuthorization(query url.Values) (authorization, *refusal) {
	if name := repeated(query); name != "" {
		return authorization{}, invalidRequest(name + " appears more than once")
	}
	request := authorization{
		clientID:    query.Get("client_id"),
		redirectURI: query.Get("redirect_uri"),
		scope:       cmp.Or(query.Get("scope"), Scope),
		state:       query.Get("state"),
		challenge:   query.Get("code_challenge"),
	}
	if _, known := s.client(request.clientID); !known {
		return request, &refusal{http.StatusBadRequest, "invalid_client", "client not found"}
	}
	registered := s.redirectURIs()
	target := cmp.Or(request.redirectURI, registered[0])
	if !slices.Contains(registered, target) { // Compared as text, as GoTo does.
		return request, invalidRequest("redirect_uri is not registered for the client")
	}
	request.target = target

	switch {
	case query.Get("response_type") == "":
		return request, invalidRequest("response_type is missing")
	case query.Get("response_type") != "code":
		return request, &refusal{http.StatusBadRequest, "unsupported_response_type", "only code is supported"}
	case request.challenge == "" && query.Has("code_challenge_method"):
		return request, invalidRequest("code_challenge is missing")
	case request.challenge != "" && query.Get("code_challenge_method") != "S256":
		// If omitted, it would mean "plain" (RFC 7636 section 4.3), which GoTo's metadata does not offer.
		return request, invalidRequest("code_challenge_method must be S256")
	case request.challenge != "" && !s256.MatchString(request.challenge):
		return request, invalidRequest("code_challenge is not an S256 challenge")
	}
	return request, nil
}

// allow issues the code for a request that has passed [Server.readAuthorization].
func (s *Server) allow(request authorization, principal string) string {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.store.addCode(&code{
		login:       s.newLogin(Login{request.clientID, principal, request.scope}),
		redirectURI: request.redirectURI,
		challenge:   request.challenge,
		expires:     now.Add(codeLifetime),
	})
}

// showSignIn serves the authorize URL to a browser.
func (s *Server) showSignIn(w http.ResponseWriter, r *http.Request) {
	request, refused := s.readAuthorization(r.URL.Query())
	if refused != nil {
		refuseSignIn(w, r, request, refused)
		return
	}
	writePage(w, http.StatusOK, "sign-in.html", map[string]any{
		"Client": request.clientID,
		"People": people,
		"Scopes": strings.Fields(request.scope),
		"Target": request.target,
		"PKCE":   request.challenge != "",
	})
}

// decideSignIn handles the person's decision. The form of the page posts to the page's own address, so the request is
// parsed and checked again.
func (s *Server) decideSignIn(w http.ResponseWriter, r *http.Request) {
	request, refused := s.readAuthorization(r.URL.Query())
	if refused != nil {
		refuseSignIn(w, r, request, refused)
		return
	}
	person := cmp.Or(r.PostFormValue("person"), Principal)
	_, known := findPerson(person)
	decision := r.PostFormValue("decision")
	switch {
	case !known:
		refuseSignIn(w, r, authorization{}, invalidRequest("nobody here has the address "+person))
	case decision == "allow":
		answer(w, r, request, url.Values{"code": {s.allow(request, person)}})
	case decision == "deny":
		refuseSignIn(w, r, request, &refusal{
			code: "access_denied", description: "The person denied the request",
		})
	default:
		// The client did nothing wrong, so it is not notified: there is no target.
		refuseSignIn(w, r, authorization{}, invalidRequest("neither Allow nor Deny was pressed"))
	}
}

func refuseSignIn(w http.ResponseWriter, r *http.Request, request authorization, refused *refusal) {
	if request.target == "" {
		writePage(w, refused.status, "refused.html", map[string]any{
			"Error": refused.code, "Description": refused.description,
		})
		return
	}
	answer(w, r, request, url.Values{
		"error": {refused.code}, "error_description": {refused.description},
	})
}

// answer redirects the browser to the client. The redirect URI keeps its own query (RFC 6749 section 3.1.2), and an
// empty path becomes a slash, as in browsers.
func answer(w http.ResponseWriter, r *http.Request, request authorization, values url.Values) {
	if request.state != "" {
		values.Set("state", request.state)
	}
	target, err := url.Parse(request.target)
	if err != nil { // Registered redirect URIs were parsed at the start.
		http.Error(w, "stand-in: "+err.Error(), http.StatusInternalServerError)
		return
	}
	if target.Path == "" && target.Host != "" {
		target.Path = "/"
	}
	if target.RawQuery != "" {
		target.RawQuery += "&"
	}
	target.RawQuery += values.Encode()
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	http.Redirect(w, r, target.String(), http.StatusFound)
}

// repeated returns the name of a parameter sent twice, which RFC 6749 section 3.1 forbids.
func repeated(values url.Values) string {
	for name, all := range values {
		if len(all) > 1 {
			return name
		}
	}
	return ""
}

// expired reports whether end has passed.
func expired(end, now time.Time) bool { return !now.Before(end) }
