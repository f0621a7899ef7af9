using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>RMSprop, epsilon outside the square root; weight decay is added to the gradient.</summary>
public class RMSProp : OptimizerHelper, optim.IMomentum
{
    public RMSProp(
        IEnumerable<Parameter> parameters, double lr = 0.001, double alpha = 0.99, double eps = 1e-08, double weight_decay = 0, double momentum = 0,
        bool centered = false, bool maximize = false)
        : this([new ParamGroup { Parameters = parameters.ToList() }], lr, alpha, eps, weight_decay, momentum, centered, maximize) { }

    public RMSProp(
        IEnumerable<ParamGroup> parameters, double lr = 0.001, double alpha = 0.99, double eps = 1e-08, double weight_decay = 0, double momentum = 0,
        bool centered = false, bool maximize = false)
    {
        if (lr < 0) throw new ArgumentException($"Invalid learning rate: {lr}");
        if (alpha < 0) throw new ArgumentException($"Invalid alpha value: {alpha}");
        if (eps < 0) throw new ArgumentException($"Invalid eps value: {eps}");
        if (momentum < 0) throw new ArgumentException($"Invalid momentum value: {momentum}");
        if (weight_decay < 0) throw new ArgumentException($"Invalid weight_decay value: {weight_decay}");
        _defaults = new Options
        {
            LearningRate = lr,
            InitialLearningRate = lr,
            alpha = alpha,
            eps = eps,
            weight_decay = weight_decay,
            momentum = momentum,
            centered = centered,
            maximize = maximize,
        };
        foreach (ParamGroup group in parameters) add_param_group(group);
    }

    public double Momentum
    {
        get => ((Options)_defaults!).momentum!.Value;
        set => ((Options)_defaults!).momentum = value;
    }

    /// <summary>What the group leaves open is taken from the optimizer.</summary>
    public override void add_param_group(Modules.ParamGroup param_group)
    {
        var defaults = (Options)_defaults!;
        var options = (Options)(param_group.Options ??= new Options());
        options.LearningRate ??= defaults.LearningRate;
        options.alpha ??= defaults.alpha;
        options.eps ??= defaults.eps;
        options.weight_decay ??= defaults.weight_decay;
        options.momentum ??= defaults.momentum;
        options.centered ??= defaults.centered;
        options.maximize ??= defaults.maximize;
        options.InitialLearningRate = options.LearningRate!.Value;
        base.add_param_group(param_group);
    }

    public override Tensor? step(Func<Tensor>? closure = null) => _step<ParamGroup>(Step, closure);

    protected override void Dispose(bool disposing)
    {
        if (disposing) DisposeStates();
    }

    private protected override OptimizerState NewState(Parameter parameter, OptimizerOptions options) => new State(parameter);

    private void Step(ParamGroup group)
    {
        Options options = group.Options;
        double rate = options.LearningRate!.Value, decay = options.weight_decay!.Value, momentum = options.momentum!.Value, alpha = options.alpha!.Value;
        foreach (Parameter parameter in group.Parameters)
        {
            using Tensor? gradient = parameter.grad;
            if (gradient is null) continue;
            Tensor direction = options.maximize == true ? -gradient : gradient;
            if (decay != 0) direction = direction.add(parameter, decay);
            var state = (State)_states[parameter];
            state.step++;
            Tensor scale = state.Scale(direction, alpha, options.centered == true).add_(options.eps!.Value);
            if (momentum > 0)
                parameter.add_(state.momentum_buffer.mul_(momentum).addcdiv_(direction, scale), -rate);
            else
                parameter.addcdiv_(direction, scale, -rate);
        }
    }

    public sealed class State : OptimizerState, IDisposable
    {
        public long step;
        public Tensor square_avg;
        public Tensor momentum_buffer;
        public Tensor grad_avg;

        public State(Parameter parameter)
            : base(parameter)
        {
            square_avg = zeros_like(parameter).DetachFromDisposeScope();
            momentum_buffer = zeros_like(parameter).DetachFromDisposeScope();
            grad_avg = zeros_like(parameter).DetachFromDisposeScope();
        }

        public void Dispose()
        {
            square_avg.Dispose();
            momentum_buffer.Dispose();
            grad_avg.Dispose();
        }

        /// <summary>Updates the running means; the root of the mean square, or of the variance.</summary>
        internal Tensor Scale(Tensor direction, double alpha, bool centered)
        {
            square_avg.mul_(alpha).addcmul_(direction, direction, 1 - alpha);
            if (!centered) return square_avg.sqrt();
            grad_avg.mul_(alpha).add_(direction, 1 - alpha);
            return square_avg.addcmul(grad_avg, grad_avg, -1).sqrt();
        }
    }

    public class Options : OptimizerOptions
    {
        public double? alpha;
        public double? eps;
        public double? weight_decay;
        public double? momentum;
        public bool? centered;
        public bool? maximize;
    }

    public class ParamGroup : ParamGroup<Options>, optim.IMomentum
    {
        public ParamGroup() { }

        public ParamGroup(IEnumerable<Parameter> parameters, Options options)
            : base(parameters, options) { }

        public ParamGroup(
            IEnumerable<Parameter> parameters, double lr = 0.001, double eps = 1e-08, double alpha = 0.99, double weight_decay = 0, double momentum = 0,
            bool centered = false)
            : base(
                parameters,
                new Options
                {
                    LearningRate = lr,
                    eps = eps,
                    alpha = alpha,
                    weight_decay = weight_decay,
                    momentum = momentum,
                    centered = centered,
                })
        { }

        public double Momentum
        {
            get => Options.momentum!.Value;
            set => Options.momentum = value;
        }
    }
}
