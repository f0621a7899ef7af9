using System.Xml.Linq;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Reports;
using Microsoft.ML.FeatureMining.Sweeps;
using Microsoft.ML.FeatureMining.Tests.Reports;

namespace Microsoft.ML.FeatureMining.Tests.Sweeps;

public sealed class SweepReportTests
{
    private static readonly NumberParameter Number = new("x", 0, 1);
    private static readonly ChoiceParameter Choice = new("kind", "a", "b");

    [Fact]
    public void Importance_AParabola_ExplainsEverything() =>
        Assert.Equal(1, ParameterImportance.Of(Number, [.. Enumerable.Range(0, 9).Select(i => ((object)(i / 9.0), 3 - Math.Pow(i / 9.0 - 0.4, 2)))])!.Value, 9);

    [Fact]
    public void Importance_OfAChoice_IsAdjustedRSquaredOfItsMeans()
    {
        // Means 2 and 4, overall mean 3. The total sum of squares is 8, the residual sum of squares 4: 1 - (4 / 2) / (8 / 3).
        double? importance = ParameterImportance.Of(Choice, [("a", 1), ("a", 3), ("b", 3), ("b", 5)]);

        Assert.Equal(1 - 4.0 / 2 / (8.0 / 3), importance!.Value, 12);
    }

    [Fact]
    public void Importance_TooFewTrialsOrEqualScores_IsNull()
    {
        Assert.Null(ParameterImportance.Of(Number, [(0.1, 1), (0.5, 2), (0.9, 1)]));
        Assert.Null(ParameterImportance.Of(Choice, [("a", 1), ("b", 1), ("a", 1)]));
        Assert.Null(ParameterImportance.Of(Number, []));
        Assert.Equal(0, ParameterImportance.Of(Number, [(0.1, 1), (0.1, 2), (0.9, 1), (0.9, 2)]));
    }

    [Fact]
    public void Csv_TextsWithCommasAndQuotes_AreQuoted()
    {
        SweepTrial[] trials =
        [
            Trial(0, TrialState.Failed, []) with
            {
                Error = "no, \"never\"",
            },
            Trial(1, TrialState.Completed, [0.25, 0.5]) with
            {
                Seconds = 1.26,
            },
        ];

        Assert.Equal(
            "trial,state,epochs,score,seconds,error,x,kind\r\n1,Completed,2,0.5,1.3,,0.5,a\r\n0,Failed,0,,0.0,\"no, \"\"never\"\"\",0.5,a\r\n",
            SweepTable.ToCsv([Number, Choice], trials)
        );
    }

    [Fact]
    public void Report_OfSomeTrials_IsSound()
    {
        SweepTrial[] trials =
        [
            Trial(0, TrialState.Failed, []) with
            {
                Error = "<no>",
            },
            Trial(1, TrialState.Completed, [0.25, 0.5, 0.4]),
            Trial(2, TrialState.Paused, [0.1]),
            Trial(3, TrialState.Interrupted, []),
            .. Enumerable.Range(4, 13).Select(i => Trial(i, TrialState.Paused, [0.05 * i])),
        ];

        XElement root = PageAssert.Sound(HtmlPage.Of("Sweep", SweepReport.Of([Number, Choice], trials)));
        XElement small = PageAssert.Sound(HtmlPage.Of("Sweep", SweepReport.Of([Number, Choice], trials[..16])));

        // 15 trials have a score, then 14.
        Assert.DoesNotContain("importance", small.Descendants("section").Attributes("id").Select(id => id.Value));

        Assert.Equal(["summary", "coordinates", "importance", "curves", "trials"], root.Descendants("section").Attributes("id").Select(id => id.Value));
        Assert.Contains("<no>", root.Value, StringComparison.Ordinal);
    }

    [Fact]
    public void Report_WithoutAScore_ListsTheTrials() =>
        Assert.Equal(
            ["summary", "trials"],
            PageAssert
                .Sound(HtmlPage.Of("Sweep", SweepReport.Of([Number, Choice], [Trial(0, TrialState.Failed, [])])))
                .Descendants("section")
                .Attributes("id")
                .Select(id => id.Value)
        );

    private static SweepTrial Trial(int number, TrialState state, double[] scores) =>
        new(number, [KeyValuePair.Create("x", (object)0.5), KeyValuePair.Create("kind", (object)"a")])
        {
            State = state,
            Curve = [.. scores.Select((score, i) => new TrialEpoch(i + 1, score))],
        };
}
