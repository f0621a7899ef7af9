using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Tests.MlNet;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.FeatureMining.Tests.Faults;

[Collection(TrainedModelCollection.Name)]
public sealed class ExplainUnreadableTests(TrainedModel trained)
{
    [Fact]
    public void Explain_AnUnreadableImage_IsLeftOutWithAWarning()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["broken.png"], "no image");
        string good = trained.Rows.GetColumn<string>("ImagePath").First();
        MLContext ml = new();
        List<string> warnings = [];
        ml.Log += (_, entry) =>
        {
            if (entry.Kind == ChannelMessageKind.Warning)
            {
                warnings.Add(entry.RawMessage);
            }
        };
        ml.Model.Save(trained.Model, trained.Rows.Schema, folder["model.zip"]);
        using ImageExplainer explainer = ml.Model.CreateImageExplainer(ml.Model.Load(folder["model.zip"], out _));

        IDataView rows = ml.Data.LoadFromEnumerable([new PathRow { ImagePath = folder["broken.png"] }, new PathRow { ImagePath = good }]);

        Assert.Single(explainer.Explain(rows));
        Assert.Contains(warnings, text => text.StartsWith("1 unreadable images are left out, such as that of column ", StringComparison.Ordinal));
        Assert.Contains(warnings, text => text.Contains("broken.png", StringComparison.Ordinal));
    }

    private sealed class PathRow
    {
        public string ImagePath { get; set; } = "";
    }
}
