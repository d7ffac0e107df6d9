package stories

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin/chromium"
)

// runBrowser is the program browser of the stories, which a story puts into BROWSER: a person who signs in with a
// real browser. [chromium] is the condition for it. The environment says what the person does:
//
//	SIGN_IN_AS=grace@example.com      who signs in; the person that the page suggests if it is not set
//	SIGN_IN_PRESS=allow|deny|nothing  the button, allow if it is not set
//	SIGN_IN_RESULT=FILE               what the browser shows at the end is appended to it, see [chromium.Seen]; in $WORK,
//	                                  the search for leaks finds a code that the address or the history still has
//	SIGN_IN_PICTURES=DIRECTORY        screenshots, see [chromium.Visit]
func runBrowser() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := browse(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func browse(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: browser ADDRESS")
	}
	visit := chromium.Visit{
		Address: args[0], Person: os.Getenv("SIGN_IN_AS"), Press: os.Getenv("SIGN_IN_PRESS"), Pictures: os.Getenv("SIGN_IN_PICTURES"),
	}
	switch visit.Press {
	case "":
		visit.Press = "allow"
	case "nothing":
		visit.Press = ""
	}
	seen, err := visit.Run(ctx)
	if err != nil {
		return err
	}
	result := os.Getenv("SIGN_IN_RESULT")
	if result == "" {
		return nil
	}
	return appendTo(result, seen.String())
}

// appendTo writes all of text at once, so that a story that waits for a part of it sees the rest too.
func appendTo(path, text string) error {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = file.WriteString(text)
	return err
}
