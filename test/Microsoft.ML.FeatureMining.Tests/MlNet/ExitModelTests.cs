using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Explanation;
using Microsoft.ML.FeatureMining.Strategies;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary>A model that predicts with its exits, in an ML.NET pipeline.</summary>
[Collection(TrainedModelCollection.Name)]
public sealed class ExitModelTests(TrainedModel trained)
{
    [Fact]
    public void Model_WithExits_CanBeSavedLoadedAndExplained()
    {
        MLContext ml = trained.Context;
        string path = Path.Combine(Directory.CreateTempSubdirectory("exits-").FullName, "model.zip");
        FeatureMiningOptions options = Tiny.Options with { Strategies = [new BeYourOwnTeacher { EnsembleExits = true }], Epochs = 2, EmaDecay = 0.5 };
        TransformerChain<ImageClassificationTransformer> model = Tiny.Pipeline(ml, options).Fit(trained.Rows);
        ml.Model.Save(model, trained.Rows.Schema, path);

        ITransformer loaded = new MLContext().Model.Load(path, out _);

        Assert.Equal(trained.Scores(model), trained.Scores(loaded));
        Assert.All(trained.Scores(loaded), row => Assert.Equal(1, row.Sum(), 1e-5f));
        using ImageExplainer explainer = ml.Model.CreateImageExplainer(loaded);
        ImageExplanation explanation = explainer.Explain(trained.Loaded, images: 1).Single().Explanation;
        // Of head and exits, as the score.
        TensorAssert.CloseValues(trained.Scores(loaded)[0], explanation.Probabilities, 1e-5, "probabilities");
        Assert.Null(explanation.ClassMap);
        Assert.Equal(3, explanation.StageMaps.Count);
        Assert.Equal(3, model.LastTransformer.Model.InduceHierarchy().ClassCount);
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }
}
