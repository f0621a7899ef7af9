using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace TorchSharp.Modules;

public abstract class BatchNorm : NormBase
{
    public BatchNorm(
        long num_features, double eps, double momentum, bool affine, bool track_running_stats, Device? device, ScalarType? dtype, string name)
        : base(num_features, eps, momentum, affine, track_running_stats, device, dtype, name) { }

    public override Tensor forward(Tensor input)
    {
        ValidateInputDimensions(input);
        if (training && track_running_stats) num_batches_tracked?.add_(1).Dispose();
        bool ofBatch = training || (running_mean is null && running_var is null);
        bool kept = !training || track_running_stats;
        return F.batch_norm(
            input, kept ? running_mean : null, kept ? running_var : null, affine ? weight : null, bias, ofBatch, momentum ?? 0, eps);
    }
}
