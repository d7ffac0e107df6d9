package standin_test

import (
	"html"
	"strings"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

func TestFirstPageSaysHowToBegin(t *testing.T) {
	t.Parallel()
	server := start(t)
	if err := server.RegisterRedirectURI("http://localhost:49152/callback"); err != nil {
		t.Fatal(err)
	}

	page := html.UnescapeString(get(t, server.URL).text)
	for _, want := range []string{
		"export GOTO_AUTHENTICATION_URL='" + server.URL + "'\n", "export GOTO_API_URL='" + server.URL + "'\n",
		"export GOTO_CLIENT_ID='" + standin.ClientID + "'\n", "export GOTO_CLIENT_SECRET='" + standin.ClientSecret + "'\n",
		"export GOTO_REDIRECT_URI='" + standin.RedirectURI + "'\n", standin.Principal, standin.OtherPrincipal,
		"<code>http://localhost:49152/callback</code>", "<code>" + server.LandingURI() + "</code>",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s on the page:\n%s", want, page)
		}
	}
}
