using System.Diagnostics;
using System.Text.RegularExpressions;
using Microsoft.ML.FeatureMining.MlNet.Reports;
using Microsoft.ML.FeatureMining.Reports;
using Microsoft.ML.FeatureMining.Sweeps;
using Microsoft.ML.FeatureMining.Tests.MlNet;

namespace Microsoft.ML.FeatureMining.Tests.Reports;

/// <summary>Renders reports in headless Chromium, if it is installed: they fit on a phone and are readable in light and dark mode.</summary>
[Collection(TrainedModelCollection.Name)]
public sealed class BrowserTests(TrainedModel trained)
{
    private const int PhoneWidth = 390;
    private const string Found = "problems found: ";

    private static readonly string? Browser = ((string[])["chromium", "chromium-browser", "google-chrome"])
        .SelectMany(name => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, name)))
        .FirstOrDefault(File.Exists);

    // Finds elements wider than the page, and texts with a contrast below 4.5 (WCAG 2.1, success criterion 1.4.3).
    private static readonly string Inspection = """
        <style>html { width: 390px; }</style><script>
        addEventListener('load', () => {
          const channels = color => (color.match(/[\d.]+/g) || []).map(Number);
          const light = color => { const [r, g, b] = channels(color).map(v => v / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
          const ground = e => { for (; e; e = e.parentElement) { const c = channels(getComputedStyle(e).backgroundColor); if (c.length == 3) return `rgb(${c})`; } return 'rgb(255,255,255)'; };
          const problems = [];
          for (const e of document.body.querySelectorAll('*')) {
            if (e.closest('.scroll *') || e.closest('.skip')) continue;
            if (e.getBoundingClientRect().right > 391) problems.push(`${e.tagName} ${e.className} sticks out to ${e.getBoundingClientRect().right}`);
          }
          for (const e of document.body.querySelectorAll('h1,h2,h3,p,a,th,td,dt,dd,caption,figcaption,summary,text')) {
            if (!e.textContent.trim() || e.getAttribute('style')) continue;
            const style = getComputedStyle(e), [a, b] = [light(e.tagName == 'text' ? style.fill : style.color), light(ground(e))].sort((x, y) => y - x);
            if ((a + 0.05) / (b + 0.05) < 4.5) problems.push(`${e.tagName} "${e.textContent}" has a contrast of ${(a + 0.05) / (b + 0.05)}`);
          }
          document.title = 'problems found: ' + problems.length + ' ' + problems.slice(0, 5).join('; ');
        });
        </script></body>
        """;

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void ModelReport_OnAPhone_FitsAndCanBeRead(bool dark)
    {
        using TemporaryFolder folder = new();
        trained.Context.Model.SaveReport(trained.Model, trained.Rows, folder["report.html"], new ModelReportOptions { Worst = 4, Images = 2 });

        AssertReadable(folder, File.ReadAllText(folder["report.html"]), dark);
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void SweepReport_OnAPhone_FitsAndCanBeRead(bool dark)
    {
        using TemporaryFolder folder = new();
        SweepParameter[] parameters = [new NumberParameter("LearningRate", 1e-3, 1, logarithmic: true), new ChoiceParameter("ARatherLongNameOfAChoice", 1, 2)];
        SweepTrial[] trials =
        [
            .. Enumerable
                .Range(0, 12)
                .Select(i => new SweepTrial(i, [new("LearningRate", 0.01 * (i + 1)), new("ARatherLongNameOfAChoice", 1 + i % 2)])
                {
                    State = i == 3 ? TrialState.Failed : TrialState.Completed,
                    Curve = [new TrialEpoch(1, 0.1 * i), new TrialEpoch(2, 0.05 + 0.07 * i)],
                    Error = i == 3 ? "A rather long account of what went wrong in this trial, as errors are." : null,
                }),
        ];

        AssertReadable(folder, HtmlPage.Of("Sweep", SweepReport.Of(parameters, trials)), dark);
    }

    private static void AssertReadable(TemporaryFolder folder, string page, bool dark)
    {
        Skip.If(Browser is null, "There is no Chromium on the PATH.");
        string path = folder.Write("inspected.html", page.Replace("</body>", Inspection, StringComparison.Ordinal));
        ProcessStartInfo start = new(Browser!) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (
            string argument in (string[])
                [
                    "--headless",
                    "--no-sandbox",
                    "--disable-gpu",
                    $"--user-data-dir={folder["profile"]}",
                    $"--window-size={PhoneWidth},844",
                    $"--blink-settings=preferredColorScheme={(dark ? 0 : 1)}",
                    "--dump-dom",
                    new Uri(path).AbsoluteUri,
                ]
        )
        {
            start.ArgumentList.Add(argument);
        }

        using Process browser = Process.Start(start)!;
        browser.ErrorDataReceived += (_, _) => { };
        browser.BeginErrorReadLine();
        Task<string> reading = browser.StandardOutput.ReadToEndAsync();
        bool answered = browser.WaitForExit(TimeSpan.FromMinutes(2));
        if (!answered)
        {
            browser.Kill(entireProcessTree: true);
        }

        // A problem of the browser on this machine, not of the page.
        Skip.If(!answered || browser.ExitCode != 0, "The Chromium on the PATH does not run here.");
        string dom = reading.Result;

        Match title = Regex.Match(dom, $"<title>{Found}([^<]*)</title>");
        Assert.True(title.Success, $"The browser did not look at the page: {dom[..Math.Min(dom.Length, 300)]}");
        Assert.StartsWith("0 ", title.Groups[1].Value, StringComparison.Ordinal);
    }
}
