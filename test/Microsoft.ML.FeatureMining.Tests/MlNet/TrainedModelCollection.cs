namespace Microsoft.ML.FeatureMining.Tests.MlNet;

[CollectionDefinition(Name)]
public sealed class TrainedModelCollection : ICollectionFixture<SingleThreadFixture>, ICollectionFixture<TrainedModel>
{
    public const string Name = "trained model";
}
