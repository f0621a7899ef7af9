using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Heads;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary>Single classifiers of a Split-and-Share head, and counts of the model.</summary>
[Collection(TrainedModelCollection.Name)]
public sealed class ClassifierTests(TrainedModel trained)
{
    [Fact]
    public void WithClassifier_EachClassifier_AveragesToTheScoresOfTheModel()
    {
        MLContext ml = trained.Context;
        TransformerChain<ImageClassificationTransformer> model = Tiny.Pipeline(ml, Tiny.Options with { Head = new SplitAndShareHead(), Stages = 0, Epochs = 2 })
            .Fit(trained.Rows);
        ImageClassificationModel network = model.LastTransformer.Model;
        float[][] whole = trained.Scores(model);

        float[][][] each = [.. Enumerable.Range(1, network.ClassifierCount).Select(number => trained.Scores(ml.Model.WithClassifier(model, number)))];

        Assert.Equal(4, each.Length);
        Assert.NotEqual(each[0][0], each[3][0]);
        // The softmax of averaged logits is the geometric mean of the softmaxes, normalized to sum to 1.
        for (int row = 0; row < whole.Length; row++)
        {
            double[] mean = [.. whole[row].Select((_, k) => Math.Exp(each.Average(scores => Math.Log(scores[row][k]))))];
            Assert.All(mean.Zip(whole[row]), pair => Assert.Equal(pair.First / mean.Sum(), pair.Second, 5e-5));
        }

        Assert.Throws<ArgumentException>(() => ml.Model.WithClassifier(model, 5));
        Assert.Throws<ArgumentException>(() => ml.Model.WithClassifier(model, 0));
        Assert.Throws<ArgumentException>(() => ml.Model.WithClassifier(ml.Model.WithClassifier(model, 1), 1));
        Assert.Throws<ArgumentException>(() => ml.Model.WithClassifier(trained.Model, 1));
    }

    [Fact]
    public void ParameterCount_Model_EqualsThatOfItsNetwork()
    {
        using ImageNetwork network = NetworkFactory.Create("cifar-resnet-8", 3, classes: 3);

        Assert.Equal(network.parameters().Sum(parameter => parameter.numel()), trained.Transformer.Model.ParameterCount);
        Assert.Equal(1, trained.Transformer.Model.ClassifierCount);
    }
}
