package main

import (
	"context"
	"slices"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/bench/constant"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// measureOneCredential applies configurations whose blocks share one credential.
func (b *bencher) measureOneCredential(ctx context.Context, found *results) error {
	applies := table{
		title: "One apply, one credential",
		text: "The server takes " + serverTime.String() + ". The constant provider logs nothing, like ours; the second ratio is to one that logs\n" +
			"what the framework logs unless told otherwise. The last two columns are one run of the constant provider sending a\n" +
			"request at every opening, as REST providers and http data sources do.",
		head: []string{"blocks", "warm, to constant", "to constant that logs", "constant", "warm", "cold", "requests cold",
			"requests warm", "without a cache", "requests without a cache"},
	}
	var ratio float64
	var cold, warm int
	for _, count := range []int{1, 10, 100, 1000} {
		row, err := b.applyOneCredential(ctx, count)
		if err != nil {
			return err
		}
		ratio, cold, warm = row.warm.over(row.constant), max(cold, row.coldRequests), max(warm, row.warmRequests)
		applies.add(number(count), times(ratio), times(row.warm.over(row.logging)), seconds(row.constant.median()), seconds(row.warm.median()),
			seconds(row.cold.median()), number(row.coldRequests), number(row.warmRequests), seconds(row.asking), number(row.askingRequests))
	}
	found.aim("token requests of an apply with one credential, cold", "1", number(cold), cold == 1)
	found.aim("token requests of an apply with one credential, warm", "0", number(warm), warm == 0)
	found.aim("apply of 1000 warm blocks, to the constant provider", "1.15 ×", times(ratio), ratio <= 1.15)
	found.tables = append(found.tables, applies)
	return nil
}

type oneCredential struct {
	constant, logging, warm, cold              samples
	coldRequests, warmRequests, askingRequests int
	asking                                     float64
}

func (b *bencher) applyOneCredential(ctx context.Context, count int) (row oneCredential, err error) {
	w, err := b.newWorld()
	if err != nil {
		return row, err
	}
	defer w.close()
	if err := writeBlocks(w.directory, make([]string, count)); err != nil {
		return row, err
	}
	for range b.runs {
		if err := w.forget(); err != nil {
			return row, err
		}
		w.requests()
		took, err := b.oursCLI.apply(ctx, w.directory, w.variables...)
		if err != nil {
			return row, err
		}
		row.cold = append(row.cold, took)
		row.coldRequests = max(row.coldRequests, w.requests())
	}
	measured, err := inTurns(b.runs,
		func() (float64, error) { return b.floorCLI.apply(ctx, w.directory, w.variables...) },
		func() (float64, error) {
			return b.floorCLI.apply(ctx, w.directory, append(w.variables, "TF_LOG_SDK=TRACE")...)
		},
		func() (float64, error) { return b.oursCLI.apply(ctx, w.directory, w.variables...) })
	if err != nil {
		return row, err
	}
	row.constant, row.logging, row.warm = measured[0], measured[1], measured[2]
	row.warmRequests = w.requests()
	row.asking, err = b.floorCLI.apply(ctx, w.directory, append(w.variables, constant.AskVariable+"="+w.standin.URL+"/oauth/token",
		"GOTO_PERSONAL_ACCESS_TOKEN="+w.standin.IssuePersonalAccessToken())...)
	row.askingRequests = w.requests()
	return row, err
}

// measureManyCredentials applies configurations in which every block has a credential of its own.
func (b *bencher) measureManyCredentials(ctx context.Context, found *results) error {
	applies := table{
		title: "One apply, a credential a block",
		text: "The server takes " + serverTime.String() + " and answers as many as come; the provider keeps to GoTo's 10 requests a second by itself.\n" +
			"The cold apply is one run. A block with a grant is checked for the other grants, by a library, at each of the three\n" +
			"validations of an apply: that takes longer than the engine does.",
		head: []string{"blocks", "warm, to constant", "constant", "warm", "cold", "requests cold", "requests warm"},
	}
	for _, count := range []int{1, 10, 100, 1000} {
		if err := b.applyManyCredentials(ctx, count, &applies); err != nil {
			return err
		}
	}
	found.tables = append(found.tables, applies)
	return nil
}

// applyManyCredentials adds the row for that many credentials.
func (b *bencher) applyManyCredentials(ctx context.Context, count int, applies *table) error {
	w, err := b.newWorld()
	if err != nil {
		return err
	}
	defer w.close()
	if err := writeBlocks(w.directory, w.refreshTokens(count)); err != nil {
		return err
	}
	cold, err := b.oursCLI.apply(ctx, w.directory, w.variables...)
	if err != nil {
		return err
	}
	coldRequests := w.requests()
	measured, err := inTurns(b.runs,
		func() (float64, error) { return b.floorCLI.apply(ctx, w.directory, w.variables...) },
		func() (float64, error) { return b.oursCLI.apply(ctx, w.directory, w.variables...) })
	if err != nil {
		return err
	}
	constant, warm := measured[0], measured[1]
	applies.add(number(count), times(warm.over(constant)), seconds(constant.median()), seconds(warm.median()), seconds(cold),
		number(coldRequests), number(w.requests()))
	return nil
}

// measureLimit applies many credentials, cold, against a server that keeps to GoTo's limit.
func (b *bencher) measureLimit(ctx context.Context, found *results) error {
	const credentials, perSecond = 60, 10
	limited := table{
		title: "60 credentials, cold, against a limit of 10 requests a second",
		text: "The server answers 429 to what is beyond, and counts the requests of the second that ends now, which is\n" +
			"stricter than counting by the clock. Ideal is the time until the last second begins, and an apply of the constant provider.",
		head: []string{"the server says when to come back", "to ideal", "ours", "ideal", "requests at most", "turned away at most"},
	}
	worst := 0.0
	for _, retryAfter := range []time.Duration{0, time.Second} {
		var requests, turnedAway []int
		measured, err := inTurns(b.runs, func() (float64, error) {
			took, _, err := b.applyLimited(ctx, b.floorCLI, credentials, perSecond, retryAfter)
			return took + credentials/perSecond - 1, err
		}, func() (float64, error) {
			took, counts, err := b.applyLimited(ctx, b.oursCLI, credentials, perSecond, retryAfter)
			requests, turnedAway = append(requests, counts.Token), append(turnedAway, counts.TurnedAway)
			return took, err
		})
		if err != nil {
			return err
		}
		ideal, ours := measured[0], measured[1]
		said := "no"
		if retryAfter > 0 {
			said = "Retry-After: 1"
		}
		limited.add(said, times(ours.over(ideal)), seconds(ours.median()), seconds(ideal.median()), number(slices.Max(requests)), number(slices.Max(turnedAway)))
		worst = max(worst, ours.over(ideal))
	}
	found.aim("60 credentials cold against 10 requests a second, to the ideal time", "1.50 ×", times(worst), worst <= 1.5)
	found.tables = append(found.tables, limited)
	return nil
}

// applyLimited applies so many credentials in a world of its own, so that no run meets the requests of the one before.
func (b *bencher) applyLimited(ctx context.Context, cli commandLine, credentials, perSecond int, retryAfter time.Duration) (float64, standin.Counts, error) {
	w, err := b.newWorld()
	if err != nil {
		return 0, standin.Counts{}, err
	}
	defer w.close()
	w.standin.Configure(func(s *standin.Behaviour) { s.RequestsPerSecond, s.RetryAfter = perSecond, retryAfter })
	if err := writeBlocks(w.directory, w.refreshTokens(credentials)); err != nil {
		return 0, standin.Counts{}, err
	}
	took, err := cli.apply(ctx, w.directory, w.variables...)
	return took, w.standin.Counts(), err
}
